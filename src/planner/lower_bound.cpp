#include "planner/lower_bound.h"

#include <algorithm>
#include <vector>

namespace mini_infer::planner {

std::int64_t footprint(const Buffer& buffer) {
  return (buffer.size + buffer.alignment - 1) & ~(buffer.alignment - 1);
}

LowerBound lower_bound(const Problem& problem) {
  struct Event {
    std::int64_t step;   // wider than a buffer's steps: one ends at last + 1
    std::int64_t bytes;  // negative when a buffer ends
  };
  std::vector<Event> events;
  events.reserve(2 * problem.buffers.size());
  for (const Buffer& buffer : problem.buffers) {
    events.push_back({buffer.first, footprint(buffer)});
    events.push_back({std::int64_t{buffer.last} + 1, -footprint(buffer)});
  }
  // At one step ends come before starts, so that the sum never exceeds what is live.
  std::sort(events.begin(), events.end(), [](const Event& a, const Event& b) {
    return a.step != b.step ? a.step < b.step : a.bytes < b.bytes;
  });
  LowerBound bound;
  std::int64_t live = 0;
  for (const Event& event : events) {
    live += event.bytes;
    if (live > bound.bytes) bound = {live, static_cast<std::int32_t>(event.step)};
  }
  for (const Buffer& buffer : problem.buffers) {
    if (!buffer.fixed_offset || buffer.size == 0) continue;
    const std::int64_t end = *buffer.fixed_offset + footprint(buffer);
    if (end > bound.bytes || (end == bound.bytes && buffer.first < bound.step)) {
      bound = {end, buffer.first};
    }
  }
  return bound;
}

}  // namespace mini_infer::planner
