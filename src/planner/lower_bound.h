#pragma once

#include <cstdint>

#include "planner/problem.h"

namespace mini_infer::planner {

// Bytes a buffer takes in a plan: its size rounded up to its own alignment. Heights, bounds and
// holes count footprints, so that a plan's total is the bytes that are handed out. When all buffers
// share one alignment this moves no plan by more than the padding of its topmost buffer.
// Assumes a problem that solve() accepts: the sum stays inside int64.
std::int64_t footprint(const Buffer& buffer);

struct LowerBound {
  std::int64_t bytes = 0;  // no plan is lower
  std::int32_t step = 0;   // the first step that needs `bytes`; 0 when none needs any
};

// The largest sum of footprints live at any step. O(n log n). Same assumption.
LowerBound lower_bound(const Problem& problem);

}  // namespace mini_infer::planner
