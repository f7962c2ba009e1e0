#pragma once

#include "mini_infer/core/export.h"
#include "mini_infer/core/status.h"
#include "mini_infer/planner/problem.h"

namespace mini_infer::planner {

// The judge of a plan. Shares no code with the planners, so that one mistake cannot hide another.
// Accepts a solution when
//  - there is one offset per buffer, a multiple of its alignment; of a fixed buffer, the fixed one,
//  - every buffer, its size rounded up to its alignment, lies inside [0, height),
//  - no two buffers of non-zero size that are live at one step share a byte of these,
//  - height is the largest end of a buffer of non-zero size, 0 when there is none,
//  - lower_bound is the largest sum of live rounded sizes or the highest end of a fixed buffer, and
//    peak_step the first step that needs it (a fixed buffer: at its first),
//  - kByBound is claimed only when height equals lower_bound; kBySearch cannot be judged here.
// ERROR_INVALID_ARGUMENT for a broken problem, ERROR_INTERNAL for a refused solution; the message
// names buffers by index, the steps and the byte ranges. Never overflows, whatever it is given.
// O(n log n).
[[nodiscard]] MINI_INFER_API core::Status check(const Problem& problem, const Solution& solution);

}  // namespace mini_infer::planner
