#pragma once

#include <cstdint>
#include <optional>

#include "mini_infer/core/export.h"
#include "mini_infer/core/status.h"
#include "mini_infer/planner/problem.h"

namespace mini_infer::planner {

// What a search may spend. With the defaults the same problem gives the same bytes on every
// machine, build and number of threads, because what is counted is search nodes.
struct Effort {
  // Search nodes, of all searches together; 0: greedy planners only. Some 1 s on a problem that
  // resists; most need none.
  std::int64_t nodes = 300'000;
  // Search so long instead, wall clock, 0 to 1e9: the answer depends on the machine.
  std::optional<double> seconds = std::nullopt;
  // Threads to search with, each for itself; more than one only together with `seconds`.
  int threads = 1;
  // Bytes that are low enough: the search ends at the first plan that is no higher.
  std::optional<std::int64_t> capacity = std::nullopt;
};

// Offsets with the least height found: greedy planners first, then an exact search at the lower
// bound, then searches that close in on the least height from both sides. Sizes count as
// footprints: rounded up to the alignment. Says kBySearch where the search below the height was
// exhaustive. With fixed buffers, and for parts of the timeline with more than some thousands of
// buffers, there is a local search instead. Takes up to 2 MiB of the calling thread's stack.
// ERROR_INVALID_ARGUMENT names the first buffer with a negative size or step, last < first, an
// alignment that is no power of two, a fixed offset that is negative or no multiple of it, or whose
// padded size makes the sum of all leave int64; two fixed buffers that overlap; or what of the
// effort is outside its limits.
MINI_INFER_API core::Result<Solution> solve(const Problem& problem, const Effort& effort = {});

// The plan that shares nothing: every buffer has its own bytes, in the problem's order (fixed ones
// stay where they are). The same errors. The bound and the peak step are those of solve().
MINI_INFER_API core::Result<Solution> unshared(const Problem& problem);

}  // namespace mini_infer::planner
