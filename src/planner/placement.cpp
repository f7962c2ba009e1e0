#include "planner/placement.h"

#include <algorithm>
#include <bit>
#include <numeric>

#include "planner/lower_bound.h"

namespace mini_infer::planner {

PlacedBuffers::PlacedBuffers(const std::vector<Buffer>& buffers)
    : positions_(buffers.size()), ranges_(buffers.size()), leaves_(std::bit_ceil(buffers.size())) {
  std::vector<std::int32_t> by_first(buffers.size());
  std::iota(by_first.begin(), by_first.end(), 0);
  std::stable_sort(by_first.begin(), by_first.end(), [&](std::int32_t a, std::int32_t b) {
    return buffers[a].first < buffers[b].first;
  });
  for (std::int32_t buffer : by_first) {
    positions_[buffer] = static_cast<std::int32_t>(firsts_.size());
    firsts_.push_back(buffers[buffer].first);
  }
  for (const Buffer& buffer : buffers) buffer_lasts_.push_back(buffer.last);
  clear();
}

void PlacedBuffers::clear() { lasts_.assign(2 * leaves_, -1); }

void PlacedBuffers::add(std::int32_t buffer, Range range) {
  const std::size_t position = positions_[buffer];
  ranges_[position] = range;
  const std::int32_t last = buffer_lasts_[buffer];
  for (std::size_t node = leaves_ + position; node > 0 && lasts_[node] < last; node /= 2) {
    lasts_[node] = last;
  }
}

void PlacedBuffers::overlapping(std::int32_t first, std::int32_t last,
                                std::vector<Range>& ranges) const {
  ranges.clear();
  const std::size_t started =
      std::upper_bound(firsts_.begin(), firsts_.end(), last) - firsts_.begin();
  auto visit = [&](auto& self, std::size_t node, std::size_t begin, std::size_t width) -> void {
    if (begin >= started || lasts_[node] < first) return;
    if (width == 1) {
      ranges.push_back(ranges_[begin]);
      return;
    }
    self(self, 2 * node, begin, width / 2);
    self(self, 2 * node + 1, begin + width / 2, width / 2);
  };
  visit(visit, 1, 0, leaves_);
}

Placer::Placer(const Problem& problem) : buffers_(problem.buffers), placed_(problem.buffers) {}

bool Placer::place(const Order& order, Fit fit, std::int64_t limit, Placement& placement) {
  placed_.clear();
  placement.offsets.assign(buffers_.size(), 0);
  placement.height = 0;
  for (std::int32_t index : order) {
    const Buffer& buffer = buffers_[index];
    if (buffer.size == 0) continue;
    const std::int64_t offset = offset_of(buffer, fit);
    const std::int64_t end = offset + footprint(buffer);
    placement.offsets[index] = offset;
    if (end > limit) { failed_ = index; return false; }
    placement.height = std::max(placement.height, end);
    placed_.add(index, {offset, end});
  }
  return true;
}

std::int64_t Placer::offset_of(const Buffer& buffer, Fit fit) {
  placed_.overlapping(buffer.first, buffer.last, live_);
  visits_ += 4 + static_cast<std::int64_t>(live_.size());
  std::sort(live_.begin(), live_.end(),
            [](const auto& a, const auto& b) { return a.begin < b.begin; });
  const std::int64_t bytes = footprint(buffer);
  const auto aligned = [&](std::int64_t offset) {
    return (offset + buffer.alignment - 1) & ~(buffer.alignment - 1);
  };
  std::int64_t top = 0;
  std::int64_t best = -1;
  std::int64_t tightest = std::numeric_limits<std::int64_t>::max();
  for (const auto& range : live_) {
    const std::int64_t gap = range.begin - top;
    if (range.begin - aligned(top) >= bytes && gap < tightest) {
      if (fit == Fit::kLowest) return aligned(top);
      best = aligned(top);
      tightest = gap;
    }
    top = std::max(top, range.end);
  }
  return best >= 0 ? best : aligned(top);
}

}  // namespace mini_infer::planner
