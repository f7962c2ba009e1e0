#pragma once

#include <cstdint>
#include <optional>
#include <vector>

// The whole interface of the planner: numbers in, numbers out. No tensors, no graph, no device.
namespace mini_infer::planner {

// A buffer is needed from its first step to its last, both included.
struct Buffer {
  std::int64_t size = 0;       // bytes; 0 is legal and takes no room
  std::int32_t first = 0;      // steps
  std::int32_t last = 0;       // >= first
  std::int64_t alignment = 1;  // bytes, a power of two; offsets are multiples of it
  // Where it lies already, bytes: a planner places the others around it. nullopt: anywhere.
  std::optional<std::int64_t> fixed_offset = std::nullopt;
};

struct Problem {
  std::vector<Buffer> buffers;
};

// How it is known that nothing smaller exists.
enum class Proof {
  kNone,      // the gap to the bound is open
  kByBound,   // the height equals the lower bound: anyone can check
  kBySearch,  // an exhaustive search found nothing lower: re-run to check
};

struct Solution {
  std::vector<std::int64_t> offsets;  // bytes, one per buffer
  // Both count sizes rounded up to their alignment and ignore empty buffers.
  std::int64_t height = 0;  // bytes: max(offset + size)
  // Bytes: the largest sum of live bytes at any step, or the highest end of a fixed buffer.
  std::int64_t lower_bound = 0;
  std::int32_t peak_step = 0;  // the first step that needs lower_bound
  Proof proof = Proof::kNone;
};

}  // namespace mini_infer::planner
