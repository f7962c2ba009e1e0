#pragma once

#include <cstdint>
#include <vector>

namespace mini_infer::optimizer {

// The cheapest set of edges whose removal leaves no way from the source to the sink of a directed
// network (Edmonds and Karp). Sizes are those of graphs of operators: thousands of edges.
class MinCut {
 public:
  static constexpr int kSource = 0;
  static constexpr int kSink = 1;
  static constexpr std::int64_t kNever = INT64_MAX / 4;  // an edge that may not be cut

  int add_vertex();
  // Parallel edges add up; one of capacity 0 is no edge.
  void add_edge(int from, int to, std::int64_t capacity);

  // On which side each vertex ends: true with the source. Of all cheapest cuts the one with the
  // fewest vertices there.
  std::vector<bool> source_side();

 private:
  struct Edge {
    int to;
    std::int64_t room;  // capacity left; edge i ^ 1 is its reverse
  };

  // The edge that first reached each vertex, breadth first, over edges with room; -1 for none. Ends
  // at the sink.
  std::vector<int> reach() const;
  void augment(const std::vector<int>& reached_by);

  std::vector<Edge> edges_;
  std::vector<std::vector<int>> edges_from_ = std::vector<std::vector<int>>(2);
};

}  // namespace mini_infer::optimizer
