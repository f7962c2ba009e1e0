#include "planner/sections.h"

#include <algorithm>

#include "planner/lower_bound.h"

namespace mini_infer::planner {
namespace {

// The last step of each section: the one before an end that follows a start.
std::vector<std::int64_t> ends_of_sections(const std::vector<Buffer>& buffers) {
  struct Event {
    std::int64_t step;
    bool starts;  // at one step, ends come first
  };
  std::vector<Event> events;
  for (const Buffer& buffer : buffers) {
    if (buffer.size == 0) continue;
    events.push_back({buffer.first, true});
    events.push_back({std::int64_t{buffer.last} + 1, false});
  }
  std::sort(events.begin(), events.end(), [](const Event& a, const Event& b) {
    return a.step != b.step ? a.step < b.step : a.starts < b.starts;
  });
  std::vector<std::int64_t> ends;
  bool started = false;
  for (const Event& event : events) {
    if (!event.starts && started) ends.push_back(event.step - 1);
    started = event.starts;
  }
  return ends;
}

}  // namespace

Sections cut_into_sections(const Problem& problem) {
  const std::vector<std::int64_t> ends = ends_of_sections(problem.buffers);
  const auto sections_before = [&](std::int64_t step) {
    return static_cast<int>(std::lower_bound(ends.begin(), ends.end(), step) - ends.begin());
  };
  Sections result{.items = {}, .count = static_cast<int>(ends.size())};
  for (std::size_t i = 0; i < problem.buffers.size(); ++i) {
    const Buffer& buffer = problem.buffers[i];
    if (buffer.size == 0) continue;
    result.items.push_back({.size = footprint(buffer),
                            .alignment = buffer.alignment,
                            .first = sections_before(buffer.first),
                            .last = sections_before(std::int64_t{buffer.last} + 1) - 1,
                            .buffer = static_cast<std::int32_t>(i)});
  }
  std::stable_sort(result.items.begin(), result.items.end(),
                   [](const Item& a, const Item& b) { return a.first < b.first; });
  return result;
}

std::vector<Sections> independent_parts(const Sections& whole) {
  std::vector<Sections> parts;
  int end = 0;  // one past the last section of the part so far
  int begin = 0;
  for (Item item : whole.items) {
    if (parts.empty() || item.first >= end) {
      parts.emplace_back();
      begin = item.first;
    }
    end = std::max(end, item.last + 1);
    item.first -= begin;
    item.last -= begin;
    parts.back().items.push_back(item);
    parts.back().count = end - begin;
  }
  return parts;
}

}  // namespace mini_infer::planner
