#pragma once

#include <cstdint>
#include <vector>

#include "schedule/problem.h"
#include "schedule/segments.h"

namespace mini_infer::schedule {

// By segment: bytes that some step of it needs in every order of the problem, whatever is
// overwritten. A content is there while a step runs if that step or one that must come before makes
// it, and that step or one that must come after uses it. O(uses x length) words of 64 bits for a
// segment; one of more than kLongest steps counts only what each step itself uses.
std::vector<std::int64_t> order_bounds(const Problem& problem, const std::vector<Segment>& cut);

}  // namespace mini_infer::schedule
