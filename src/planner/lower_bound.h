#pragma once

#include <cstdint>

#include "mini_infer/planner/problem.h"

namespace mini_infer::planner {

// Bytes a buffer takes in a plan: its size rounded up to its own alignment. Heights, bounds and
// holes all count footprints, so a plan's total is whole aligned blocks. Where all buffers share an
// alignment this costs nothing but the padding behind the topmost buffer; where they do not, a
// buffer of small alignment is kept out of the padding behind one of large alignment.
// Assumes a problem that solve() accepts.
std::int64_t footprint(const Buffer& buffer);

struct LowerBound {
  std::int64_t bytes = 0;  // no plan is lower
  std::int32_t step = 0;   // the first step that needs `bytes`; 0 when no step needs any
};

// The largest sum of footprints live at one step, or the highest end of a fixed buffer (needed at
// its first step) if that is more. O(n log n). Assumes a problem that solve() accepts.
LowerBound lower_bound(const Problem& problem);

}  // namespace mini_infer::planner
