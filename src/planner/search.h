#pragma once

#include <cstdint>

#include "mini_infer/planner/problem.h"
#include "planner/minimize.h"
#include "planner/placement.h"

namespace mini_infer::planner {

// Lowers `best`, a placement of all buffers, none of them fixed, until it is at most `enough`
// bytes, cannot be lowered, or the budget is used up: part by part of the timeline, the highest
// first. Parts too large for a search stay as they are. Returns a height that no placement is
// below.
std::int64_t search(const Problem& problem, std::int64_t enough, Budget& budget, Placement& best);

}  // namespace mini_infer::planner
