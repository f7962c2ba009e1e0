#include "planner/holes.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <numeric>
#include <set>
#include <utility>

#include "planner/lower_bound.h"

namespace mini_infer::planner {
namespace {

// The free ranges of the arena while buffers come and go; ranges that touch are one.
class FreeRanges {
 public:
  explicit FreeRanges(std::int64_t height) {
    if (height > 0) add(0, height);
  }

  // [begin, end) must be free.
  void take(std::int64_t begin, std::int64_t end) {
    const auto around = std::prev(by_begin_.upper_bound(begin));
    const auto [free_begin, free_end] = *around;
    remove(around);
    if (free_begin < begin) add(free_begin, begin);
    if (end < free_end) add(end, free_end);
  }

  // [begin, end) must be taken.
  void give(std::int64_t begin, std::int64_t end) {
    auto above = by_begin_.lower_bound(begin);
    if (above != by_begin_.begin()) {
      const auto below = std::prev(above);
      if (below->second == begin) {
        begin = below->first;
        remove(below);
      }
    }
    if (above != by_begin_.end() && above->first == end) {
      end = above->second;
      remove(above);
    }
    add(begin, end);
  }

  Hole largest() const {
    if (by_size_.empty()) return {};
    const auto& [negative_size, begin] = *by_size_.begin();
    return {.offset = begin, .size = -negative_size};
  }

 private:
  using Ranges = std::map<std::int64_t, std::int64_t>;

  void add(std::int64_t begin, std::int64_t end) {
    by_begin_.emplace(begin, end);
    by_size_.emplace(begin - end, begin);
  }

  void remove(Ranges::const_iterator range) {
    by_size_.erase({range->first - range->second, range->first});
    by_begin_.erase(range);
  }

  Ranges by_begin_;  // begin to end
  std::set<std::pair<std::int64_t, std::int64_t>>
      by_size_;  // (-size, begin): largest, lowest first
};

// Indices of the buffers that take room, by ascending `step`.
std::vector<std::size_t> by_step(const std::vector<Buffer>& buffers, std::int32_t Buffer::*step) {
  std::vector<std::size_t> indices(buffers.size());
  std::iota(indices.begin(), indices.end(), 0);
  std::erase_if(indices, [&](std::size_t i) { return buffers[i].size == 0; });
  std::stable_sort(indices.begin(), indices.end(), [&](std::size_t a, std::size_t b) {
    return buffers[a].*step < buffers[b].*step;
  });
  return indices;
}

}  // namespace

std::vector<Hole> holes(const Problem& problem, const Solution& solution, std::size_t steps) {
  const std::vector<Buffer>& buffers = problem.buffers;
  const auto starting = by_step(buffers, &Buffer::first);
  const auto ending = by_step(buffers, &Buffer::last);
  auto next_start = starting.begin();
  auto next_end = ending.begin();
  const auto end_of = [&](std::size_t i) { return solution.offsets[i] + footprint(buffers[i]); };

  FreeRanges free(solution.height);
  std::vector<Hole> result;
  for (std::int32_t step = 0; step < static_cast<std::int32_t>(steps); ++step) {
    for (; next_end != ending.end() && buffers[*next_end].last < step; ++next_end) {
      free.give(solution.offsets[*next_end], end_of(*next_end));
    }
    for (; next_start != starting.end() && buffers[*next_start].first == step; ++next_start) {
      free.take(solution.offsets[*next_start], end_of(*next_start));
    }
    result.push_back(free.largest());
  }
  return result;
}

}  // namespace mini_infer::planner
