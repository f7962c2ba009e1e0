#include "planner/placement.h"

#include <algorithm>

#include "planner/lower_bound.h"

namespace mini_infer::planner {
namespace {

// Buffers that start in one window; 256 to 2,048 are about equally fast, on 2,000 and on 62,185.
constexpr std::size_t kWindowBuffers = 512;

std::int64_t align_up(std::int64_t offset, std::int64_t alignment) {
  return (offset + alignment - 1) & ~(alignment - 1);
}

}  // namespace

void Placer::PlacedList::insert(const Buffer& buffer, std::int64_t begin, std::int64_t end) {
  const auto at = std::upper_bound(begins.begin(), begins.end(), begin) - begins.begin();
  firsts.insert(firsts.begin() + at, buffer.first);
  lasts.insert(lasts.begin() + at, buffer.last);
  begins.insert(begins.begin() + at, begin);
  ends.insert(ends.begin() + at, end);
}

void Placer::PlacedList::clear() {
  firsts.clear();
  lasts.clear();
  begins.clear();
  ends.clear();
}

Placer::Placer(const Problem& problem) : buffers_(problem.buffers) {
  std::vector<std::int32_t> firsts;
  for (std::size_t i = 0; i < buffers_.size(); ++i) {
    firsts.push_back(buffers_[i].first);
    if (buffers_[i].fixed_offset) fixed_.push_back(static_cast<std::int32_t>(i));
  }
  std::sort(firsts.begin(), firsts.end());
  for (std::size_t i = kWindowBuffers; i < firsts.size(); i += kWindowBuffers) {
    window_starts_.push_back(firsts[i]);
  }
  if (!window_starts_.empty()) windows_.resize(window_starts_.size() + 1);
}

std::size_t Placer::place(const Order& order, Fit fit, std::int64_t limit, Placement& placement) {
  clear();
  placement.offsets.assign(buffers_.size(), 0);
  placement.height = 0;
  for (std::int32_t index : fixed_) put(index, *buffers_[index].fixed_offset, placement);
  for (std::size_t position = 0; position < order.size(); ++position) {
    const Buffer& buffer = buffers_[order[position]];
    if (buffer.size == 0 || buffer.fixed_offset) continue;
    const std::int64_t begin = find_offset(buffer, fit);
    if (begin + footprint(buffer) > limit) return position;
    put(order[position], begin, placement);
  }
  return order.size();
}

void Placer::put(std::int32_t index, std::int64_t begin, Placement& placement) {
  const Buffer& buffer = buffers_[index];
  placement.offsets[index] = begin;
  if (buffer.size == 0) return;
  const std::int64_t end = begin + footprint(buffer);
  insert(buffer, begin, end);
  placement.height = std::max(placement.height, end);
}

std::int64_t Placer::find_offset(const Buffer& buffer, Fit fit) {
  const PlacedList& placed = neighbours(buffer);
  const std::int64_t bytes = footprint(buffer);
  std::int64_t top = 0;  // where the neighbours seen so far end
  std::int64_t best = -1;
  std::int64_t tightest = std::numeric_limits<std::int64_t>::max();
  for (std::size_t i = 0; i < placed.firsts.size(); ++i) {
    ++comparisons_;
    if (placed.firsts[i] > buffer.last || placed.lasts[i] < buffer.first) continue;
    const std::int64_t gap = placed.begins[i] - top;
    const std::int64_t offset = align_up(top, buffer.alignment);
    if (placed.begins[i] - offset >= bytes && gap < tightest) {
      if (fit == Fit::kLowest) return offset;
      best = offset;
      tightest = gap;
    }
    top = std::max(top, placed.ends[i]);
  }
  return best >= 0 ? best : align_up(top, buffer.alignment);
}

const Placer::PlacedList& Placer::neighbours(const Buffer& buffer) const {
  if (windows_.empty()) return all_;
  const std::size_t first = window(buffer.first);
  return first == window(buffer.last) ? windows_[first] : all_;
}

void Placer::insert(const Buffer& buffer, std::int64_t begin, std::int64_t end) {
  all_.insert(buffer, begin, end);
  if (windows_.empty()) return;
  const std::size_t last = window(buffer.last);
  for (std::size_t i = window(buffer.first); i <= last; ++i) windows_[i].insert(buffer, begin, end);
}

void Placer::clear() {
  all_.clear();
  for (PlacedList& list : windows_) list.clear();
}

std::size_t Placer::window(std::int32_t step) const {
  return std::upper_bound(window_starts_.begin(), window_starts_.end(), step) -
         window_starts_.begin();
}

}  // namespace mini_infer::planner
