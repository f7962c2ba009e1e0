#pragma once

#include <vector>

#include "schedule/problem.h"

namespace mini_infer::schedule {

struct Segment {
  int begin = 0;  // steps
  int end = 0;    // one past its last
};

// The problem cut behind every step that all others come before or after: whatever the order, the
// steps of one segment run before those of the next. Such a cut never costs: each segment can be
// ordered for itself. O(steps + edges).
std::vector<Segment> segments(const Problem& problem);

}  // namespace mini_infer::schedule
