#pragma once

#include <cstdint>
#include <vector>

#include "mini_infer/core/status.h"
#include "planner/problem.h"

namespace mini_infer::planner {

// Offsets with the least height found: the best of the greedy planners (the earlier of equals), or
// what a bounded local search makes of it; proof is kByBound or kNone. Sizes count as footprints
// (lower_bound.h). Deterministic: the same problem gives the same bytes on every machine. Two
// seconds or so for 60,000 buffers, milliseconds for a network.
// ERROR_INVALID_ARGUMENT names the first buffer with a negative size or step, last < first, an
// alignment that is no power of two, or whose padded size makes the sum of all leave int64.
core::Result<Solution> solve(const Problem& problem);

// The plan that shares nothing: every buffer has its own bytes, in the problem's order. The same
// errors. The bound and the peak step are those of solve().
core::Result<Solution> unshared(const Problem& problem);

struct Hole {
  std::int64_t offset = 0;  // bytes; a multiple of the alignment of the buffer below it
  std::int64_t size = 0;    // bytes; 0 when every byte is taken
};

// The largest free range inside [0, height) at each step from 0 to the problem's last, the lowest
// of equals. Assumes a solution that check() accepts. O(n log n + steps).
std::vector<Hole> holes(const Problem& problem, const Solution& solution);

}  // namespace mini_infer::planner
