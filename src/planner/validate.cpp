#include "planner/validate.h"

#include <algorithm>
#include <bit>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include "core/try.h"
#include "planner/lower_bound.h"
#include "planner/placement.h"

namespace mini_infer::planner {
namespace {

using std::to_string;

core::Status invalid(std::size_t index, const std::string& problem) {
  return {core::Status::ERROR_INVALID_ARGUMENT, "buffer " + to_string(index) + ": " + problem};
}

core::Status validate(const Buffer& buffer, std::size_t index) {
  if (buffer.size < 0) return invalid(index, "size " + to_string(buffer.size) + " < 0");
  if (buffer.first < 0) return invalid(index, "first step " + to_string(buffer.first) + " < 0");
  if (buffer.last < buffer.first) {
    return invalid(
        index, "last step " + to_string(buffer.last) + " < first step " + to_string(buffer.first));
  }
  if (buffer.alignment <= 0 || !std::has_single_bit(static_cast<std::uint64_t>(buffer.alignment))) {
    return invalid(index, "alignment " + to_string(buffer.alignment) + " is no power of two");
  }
  if (!buffer.fixed_offset) return core::Status::SUCCESS;
  if (*buffer.fixed_offset < 0) {
    return invalid(index, "fixed offset " + to_string(*buffer.fixed_offset) + " < 0");
  }
  if (*buffer.fixed_offset % buffer.alignment != 0) {
    return invalid(index, "fixed offset " + to_string(*buffer.fixed_offset) +
                              " is no multiple of the alignment, " + to_string(buffer.alignment));
  }
  return core::Status::SUCCESS;
}

// No plan needs more than the highest fixed end, and above it the footprint of every buffer and the
// padding below it.
core::Status validate_sum(const Problem& problem) {
  std::int64_t room = Placer::kNoLimit - 1;  // so that every height is below kNoLimit
  std::int64_t fixed = 0;
  for (const Buffer& buffer : problem.buffers) {
    fixed = std::max(fixed, buffer.fixed_offset.value_or(0));
  }
  room -= fixed;
  for (std::size_t i = 0; i < problem.buffers.size(); ++i) {
    const Buffer& buffer = problem.buffers[i];
    const std::int64_t padding = buffer.alignment - 1;
    const bool fits =
        buffer.size <= room && padding <= room - buffer.size && footprint(buffer) <= room - padding;
    if (!fits) {
      const std::string above =
          fixed == 0 ? "" : " above the highest fixed offset, " + to_string(fixed) + ",";
      return invalid(i, "the sizes up to this one, " + to_string(buffer.size) + " bytes," + above +
                            " do not fit in 64 bits");
    }
    room -= footprint(buffer) + padding;
  }
  return core::Status::SUCCESS;
}

core::Status overlap(const Problem& problem, std::size_t a, std::size_t b) {
  return invalid(
      std::max(a, b),
      "its fixed offset, " + to_string(*problem.buffers[std::max(a, b)].fixed_offset) +
          ", puts it on bytes of buffer " + to_string(std::min(a, b)) + ", which is fixed at " +
          to_string(*problem.buffers[std::min(a, b)].fixed_offset) + " and live at the same time");
}

// A sweep over the steps: a buffer that begins may collide with the one below and the one above.
core::Status validate_fixed(const Problem& problem) {
  struct Event {
    std::int64_t step;
    bool starts;  // at one step, ends come first
    std::size_t index;
    auto operator<=>(const Event&) const = default;
  };
  std::vector<Event> events;
  for (std::size_t i = 0; i < problem.buffers.size(); ++i) {
    const Buffer& buffer = problem.buffers[i];
    if (!buffer.fixed_offset || buffer.size == 0) continue;
    events.push_back({buffer.first, true, i});
    events.push_back({std::int64_t{buffer.last} + 1, false, i});
  }
  std::sort(events.begin(), events.end());
  std::map<std::int64_t, std::size_t> live;  // buffers by offset
  for (const auto& [step, starts, index] : events) {
    const Buffer& buffer = problem.buffers[index];
    const std::int64_t begin = *buffer.fixed_offset;
    if (!starts) {
      live.erase(begin);
      continue;
    }
    const auto above = live.lower_bound(begin);
    if (above != live.end() && above->first < begin + footprint(buffer)) {
      return overlap(problem, above->second, index);
    }
    if (above != live.begin()) {
      const auto& [below, other] = *std::prev(above);
      if (below + footprint(problem.buffers[other]) > begin) return overlap(problem, other, index);
    }
    live.emplace_hint(above, begin, index);
  }
  return core::Status::SUCCESS;
}

}  // namespace

core::Status validate(const Problem& problem) {
  for (std::size_t i = 0; i < problem.buffers.size(); ++i) {
    MI_TRY(validate(problem.buffers[i], i));
  }
  MI_TRY(validate_sum(problem));
  return validate_fixed(problem);
}

}  // namespace mini_infer::planner
