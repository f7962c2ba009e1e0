#include "optimizer/layout/min_cut.h"

#include <algorithm>

namespace mini_infer::optimizer {

int MinCut::add_vertex() {
  edges_from_.emplace_back();
  return static_cast<int>(edges_from_.size()) - 1;
}

void MinCut::add_edge(int from, int to, std::int64_t capacity) {
  if (capacity == 0) return;
  edges_from_[static_cast<std::size_t>(from)].push_back(static_cast<int>(edges_.size()));
  edges_.push_back({to, capacity});
  edges_from_[static_cast<std::size_t>(to)].push_back(static_cast<int>(edges_.size()));
  edges_.push_back({from, 0});
}

std::vector<int> MinCut::reach() const {
  std::vector<int> reached_by(edges_from_.size(), -1);
  std::vector<int> queue = {kSource};
  for (std::size_t next = 0; next < queue.size(); ++next) {
    for (int edge : edges_from_[static_cast<std::size_t>(queue[next])]) {
      const auto [to, room] = edges_[static_cast<std::size_t>(edge)];
      int& reached = reached_by[static_cast<std::size_t>(to)];
      if (room == 0 || reached >= 0 || to == kSource) continue;
      reached = edge;
      if (to == kSink) return reached_by;
      queue.push_back(to);
    }
  }
  return reached_by;
}

void MinCut::augment(const std::vector<int>& reached_by) {
  const auto walk_back = [&](const auto& visit) {
    for (int at = kSink; at != kSource;) {
      const auto edge = static_cast<std::size_t>(reached_by[static_cast<std::size_t>(at)]);
      visit(edge);
      at = edges_[edge ^ 1].to;
    }
  };
  std::int64_t flow = kNever;
  walk_back([&](std::size_t edge) { flow = std::min(flow, edges_[edge].room); });
  walk_back([&](std::size_t edge) {
    edges_[edge].room -= flow;
    edges_[edge ^ 1].room += flow;
  });
}

std::vector<bool> MinCut::source_side() {
  std::vector<int> reached_by = reach();
  while (reached_by[kSink] >= 0) {
    augment(reached_by);
    reached_by = reach();
  }
  std::vector<bool> side;
  for (int edge : reached_by) side.push_back(edge >= 0);
  side[kSource] = true;
  return side;
}

}  // namespace mini_infer::optimizer
