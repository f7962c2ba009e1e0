#pragma once

#include <cstddef>
#include <memory>

#include "mini_infer/core/export.h"

namespace mini_infer::runtime {

// Where pools come from. Called once per pool, from build and create_context, never from run; and
// on a device once more for each context, whose kernels first run in memory of its own, where
// callers' tensors are larger than the activations: for as many bytes as the largest has, given
// back at once. Implementations must be safe to call from several threads.
class MINI_INFER_API Allocator {
 public:
  virtual ~Allocator() = default;
  // `bytes` > 0 aligned to `alignment` (a power of two), or nullptr when there is no room.
  virtual void* allocate(std::size_t bytes, std::size_t alignment) = 0;
  virtual void deallocate(void* memory, std::size_t bytes, std::size_t alignment) = 0;
};

// What an engine takes where its config names no other: the host's memory, in large pages where the
// system has them. It refuses what the host, or the control group of this process, has not free.
// For allocators that only watch or bound it. Any number of threads.
MINI_INFER_API std::shared_ptr<Allocator> host_allocator();

}  // namespace mini_infer::runtime
