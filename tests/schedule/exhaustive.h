#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <limits>
#include <numeric>
#include <vector>

#include "schedule/problem.h"

// The definition of a peak, and the least one by looking at everything. Shares nothing with the
// search: storages are joined, and have lifetimes.
namespace mini_infer::schedule {

// Bytes of an order in which these overwrites happen, as (step, index into its overwrites) where
// `chosen` says so by step; -1 where one of them is impossible.
inline std::int64_t peak_of(const Problem& problem, const std::vector<int>& order,
                            const std::vector<std::uint32_t>& chosen) {
  struct Lifetime {
    int first;
    int last;
  };
  const int end = static_cast<int>(order.size()) - 1;
  std::vector<Lifetime> lives;
  for (const Content& content : problem.contents) {
    lives.push_back({content.from_start ? 0 : end + 1, content.to_end ? end : 0});
  }
  for (int at = 0; at <= end; ++at) {
    for (int content : problem.steps[order[at]].makes) {
      lives[content].first = std::min(lives[content].first, at);
    }
    for (int content : problem.steps[order[at]].uses) {
      lives[content].last = std::max(lives[content].last, at);
    }
  }
  std::vector<int> storage(problem.contents.size());
  std::iota(storage.begin(), storage.end(), 0);
  for (int at = 0; at <= end; ++at) {
    std::vector<int> taken;
    for (std::size_t i = 0; i < problem.steps[order[at]].overwrites.size(); ++i) {
      if ((chosen[order[at]] >> i & 1u) == 0) continue;
      const auto [made, read] = problem.steps[order[at]].overwrites[i];
      if (lives[read].last != at || problem.contents[read].to_end) return -1;
      for (int other : {made, read}) {
        if (std::count(taken.begin(), taken.end(), other) > 0) return -1;
        taken.push_back(other);
      }
      std::replace(storage.begin(), storage.end(), storage[made], storage[read]);
    }
  }
  std::int64_t peak = 0;
  for (int at = 0; at <= end; ++at) {
    std::vector<bool> counted(storage.size(), false);
    std::int64_t bytes = problem.steps[order[at]].workspace;
    for (std::size_t i = 0; i < lives.size(); ++i) {
      if (at < lives[i].first || at > lives[i].last || counted[storage[i]]) continue;
      counted[storage[i]] = true;
      bytes += problem.contents[i].bytes;
    }
    peak = std::max(peak, bytes);
  }
  return peak;
}

inline bool is_order(const Problem& problem, const std::vector<int>& order) {
  std::vector<bool> done(problem.steps.size(), false);
  for (int step : order) {
    for (int before : problem.steps[step].before) {
      if (!done[before]) return false;
    }
    if (done[step]) return false;
    done[step] = true;
  }
  return order.size() == problem.steps.size();
}

// Over all choices of overwrites in this order.
inline std::int64_t least_peak_of(const Problem& problem, const std::vector<int>& order) {
  std::vector<std::uint32_t> chosen(problem.steps.size(), 0);
  std::int64_t least = std::numeric_limits<std::int64_t>::max();
  const std::function<void(std::size_t)> choose = [&](std::size_t step) {
    if (step == chosen.size()) {
      const std::int64_t peak = peak_of(problem, order, chosen);
      if (peak >= 0) least = std::min(least, peak);
      return;
    }
    for (std::uint32_t set = 0; set < 1u << problem.steps[step].overwrites.size(); ++set) {
      chosen[step] = set;
      choose(step + 1);
    }
  };
  choose(0);
  return least;
}

// Over all orders and all choices of overwrites.
inline std::int64_t least_peak(const Problem& problem) {
  std::vector<int> order;
  std::vector<bool> done(problem.steps.size(), false);
  std::int64_t least = std::numeric_limits<std::int64_t>::max();
  const std::function<void()> extend = [&] {
    if (order.size() == problem.steps.size()) {
      least = std::min(least, least_peak_of(problem, order));
      return;
    }
    for (int step = 0; step < static_cast<int>(done.size()); ++step) {
      const auto& before = problem.steps[step].before;
      const bool ready = std::all_of(before.begin(), before.end(), [&](int b) { return done[b]; });
      if (done[step] || !ready) continue;
      done[step] = true;
      order.push_back(step);
      extend();
      order.pop_back();
      done[step] = false;
    }
  };
  extend();
  return least;
}

}  // namespace mini_infer::schedule
