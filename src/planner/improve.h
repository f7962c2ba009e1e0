#pragma once

#include <cstdint>

#include "mini_infer/planner/problem.h"
#include "planner/placement.h"

namespace mini_infer::planner {

// Lowers `best` by squeaky wheel optimisation (Joslin & Clements, JAIR 10, 1999), a cheaper
// relative of TVM's hill climb: place by `order`, first fit; when a buffer would end at or above
// the best height, move it before a random one of its earlier neighbours and place again. Stops at
// `bound` bytes or after a fixed number of placements or comparisons, never by time; the random
// numbers have a fixed seed, so the result is the same everywhere.
void improve(const Problem& problem, std::int64_t bound, Order order, Placer& placer,
             Placement& best);

}  // namespace mini_infer::planner
