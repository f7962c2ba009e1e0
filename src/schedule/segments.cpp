#include "schedule/segments.h"

#include <algorithm>

namespace mini_infer::schedule {

// Step p comes after all steps before it exactly if each of them has a successor at or before p:
// from the last one back, that successor leads to p. The same holds for those after it.
std::vector<Segment> segments(const Problem& problem) {
  const int count = static_cast<int>(problem.steps.size());
  std::vector<int> earliest_before(problem.steps.size() + 1, count);
  for (int step = count - 1; step >= 0; --step) {
    int last = -1;
    for (int before : problem.steps[step].before) last = std::max(last, before);
    earliest_before[step] = std::min(earliest_before[step + 1], last);
  }
  std::vector<Segment> result;
  int begin = 0;
  int latest_after = -1;
  for (int step = 0; step < count; ++step) {
    if (latest_after <= step && earliest_before[step + 1] >= step) {
      result.push_back({begin, step + 1});
      begin = step + 1;
    }
    int first = count;
    for (int after : problem.steps[step].after) first = std::min(first, after);
    latest_after = std::max(latest_after, first);
  }
  if (begin < count) result.push_back({begin, count});
  return result;
}

}  // namespace mini_infer::schedule
