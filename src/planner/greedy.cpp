#include "planner/greedy.h"

#include <algorithm>
#include <array>
#include <numeric>
#include <tuple>
#include <utility>

#include "planner/lower_bound.h"

namespace mini_infer::planner {
namespace {

// Indices by ascending key(buffer), ties by index.
template <typename KeyFunction>
Order sorted_by(const Problem& problem, KeyFunction key_of) {
  using Key = decltype(key_of(problem.buffers.front()));
  std::vector<std::pair<Key, std::int32_t>> keyed;
  keyed.reserve(problem.buffers.size());
  for (const Buffer& buffer : problem.buffers) {
    keyed.emplace_back(key_of(buffer), static_cast<std::int32_t>(keyed.size()));
  }
  std::sort(keyed.begin(), keyed.end());
  Order order;
  order.reserve(keyed.size());
  for (const auto& [key, index] : keyed) order.push_back(index);
  return order;
}

std::int64_t duration(const Buffer& buffer) { return std::int64_t{buffer.last} - buffer.first + 1; }

// size x steps in two words, high first: the product can leave int64.
std::pair<std::uint64_t, std::uint64_t> area(const Buffer& buffer) {
  constexpr std::uint64_t kLowWord = 0xffffffff;
  const auto bytes = static_cast<std::uint64_t>(footprint(buffer));
  const auto steps = static_cast<std::uint64_t>(duration(buffer));
  const std::uint64_t low = (bytes & kLowWord) * steps;
  return {(bytes >> 32) * steps + (low >> 32), low & kLowWord};
}

// Live bytes at each step where a buffer starts; between two of them they never rise.
class BreadthProfile {
 public:
  explicit BreadthProfile(const Problem& problem);

  // Ranks the starts by live bytes, the fullest is 0: the lowest rank that `buffer` is live at.
  std::size_t rank(const Buffer& buffer) const;

 private:
  std::size_t index(std::int64_t step) const {
    return std::lower_bound(starts_.begin(), starts_.end(), step) - starts_.begin();
  }

  std::vector<std::int64_t> starts_;  // steps, ascending
  std::vector<std::size_t> tree_;     // smallest ranks, as a segment tree over starts_
};

BreadthProfile::BreadthProfile(const Problem& problem) {
  for (const Buffer& buffer : problem.buffers) starts_.push_back(buffer.first);
  std::sort(starts_.begin(), starts_.end());
  starts_.erase(std::unique(starts_.begin(), starts_.end()), starts_.end());

  std::vector<std::int64_t> live(starts_.size() + 1);
  for (const Buffer& buffer : problem.buffers) {
    live[index(buffer.first)] += footprint(buffer);
    live[index(std::int64_t{buffer.last} + 1)] -= footprint(buffer);
  }
  std::partial_sum(live.begin(), live.end(), live.begin());

  std::vector<std::size_t> fullest(starts_.size());
  std::iota(fullest.begin(), fullest.end(), 0);
  std::stable_sort(fullest.begin(), fullest.end(),
                   [&](std::size_t a, std::size_t b) { return live[a] > live[b]; });
  tree_.resize(2 * starts_.size());
  for (std::size_t rank = 0; rank < fullest.size(); ++rank) {
    tree_[starts_.size() + fullest[rank]] = rank;
  }
  for (std::size_t node = starts_.size() - 1; node > 0; --node) {
    tree_[node] = std::min(tree_[2 * node], tree_[2 * node + 1]);
  }
}

std::size_t BreadthProfile::rank(const Buffer& buffer) const {
  std::size_t begin = starts_.size() + index(buffer.first);
  std::size_t end = starts_.size() + index(std::int64_t{buffer.last} + 1);
  std::size_t lowest = starts_.size();
  for (; begin < end; begin /= 2, end /= 2) {
    if (begin % 2 == 1) lowest = std::min(lowest, tree_[begin++]);
    if (end % 2 == 1) lowest = std::min(lowest, tree_[--end]);
  }
  return lowest;
}

}  // namespace

Order by_size(const Problem& problem) {
  return sorted_by(problem, [](const Buffer& buffer) { return -footprint(buffer); });
}

Order by_size_then_duration(const Problem& problem) {
  return sorted_by(problem, [](const Buffer& buffer) {
    return std::tuple(-footprint(buffer), -duration(buffer), buffer.first);
  });
}

Order by_duration(const Problem& problem) {
  return sorted_by(problem, [](const Buffer& buffer) {
    return std::tuple(-duration(buffer), -footprint(buffer), buffer.first);
  });
}

Order by_breadth(const Problem& problem) {
  if (problem.buffers.empty()) return {};
  const BreadthProfile profile(problem);
  return sorted_by(problem, [&](const Buffer& buffer) {
    return std::tuple(profile.rank(buffer), -footprint(buffer));
  });
}

Order by_area(const Problem& problem) {
  return sorted_by(problem, [](const Buffer& buffer) {
    const auto [high, low] = area(buffer);
    return std::pair(~high, ~low);
  });
}

Order by_conflicts(const Problem& problem) {
  std::vector<std::int32_t> firsts, lasts;
  for (const Buffer& buffer : problem.buffers) {
    firsts.push_back(buffer.first);
    lasts.push_back(buffer.last);
  }
  std::sort(firsts.begin(), firsts.end());
  std::sort(lasts.begin(), lasts.end());
  return sorted_by(problem, [&](const Buffer& buffer) {
    const auto started = std::upper_bound(firsts.begin(), firsts.end(), buffer.last);
    const auto ended = std::lower_bound(lasts.begin(), lasts.end(), buffer.first);
    const std::int64_t neighbours = (started - firsts.begin()) - (ended - lasts.begin());
    return std::tuple(-neighbours, -footprint(buffer));
  });
}

Order by_start(const Problem& problem) {
  return sorted_by(
      problem, [](const Buffer& buffer) { return std::tuple(buffer.first, -footprint(buffer)); });
}

std::span<const Heuristic> heuristics() {
  static constexpr std::array kHeuristics = {
      Heuristic{"size, best fit", by_size, Fit::kTightest},  // TFLite, IREE
      Heuristic{"breadth, best fit", by_breadth, Fit::kTightest},
      Heuristic{"duration, best fit", by_duration, Fit::kTightest},
      Heuristic{"size then duration, best fit", by_size_then_duration, Fit::kTightest},
      Heuristic{"size, first fit", by_size, Fit::kLowest},
      Heuristic{"size then duration, first fit", by_size_then_duration, Fit::kLowest},
      Heuristic{"area, first fit", by_area, Fit::kLowest},
      Heuristic{"conflicts, first fit", by_conflicts, Fit::kLowest},
      Heuristic{"start, first fit", by_start, Fit::kLowest},
      Heuristic{"start, best fit", by_start, Fit::kTightest},  // ggml-alloc
  };
  return kHeuristics;
}

}  // namespace mini_infer::planner
