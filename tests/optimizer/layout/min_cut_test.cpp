#include "optimizer/layout/min_cut.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

namespace mini_infer::optimizer {
namespace {

using ::testing::ElementsAre;

TEST(MinCut, CutsTheCheapestEdgeOfAPath) {
  MinCut cut;
  const int a = cut.add_vertex(), b = cut.add_vertex();
  cut.add_edge(MinCut::kSource, a, 5);
  cut.add_edge(a, b, 2);
  cut.add_edge(b, MinCut::kSink, 4);
  EXPECT_THAT(cut.source_side(), ElementsAre(true, false, true, false));
}

TEST(MinCut, OfEqualCutsTheOneNextToTheSource) {
  MinCut cut;
  const int a = cut.add_vertex();
  cut.add_edge(MinCut::kSource, a, 3);
  cut.add_edge(a, MinCut::kSink, 3);
  EXPECT_THAT(cut.source_side(), ElementsAre(true, false, false));
}

TEST(MinCut, AnEdgeThatMayNotBeCutHolds) {
  MinCut cut;
  const int a = cut.add_vertex(), b = cut.add_vertex();
  cut.add_edge(MinCut::kSource, a, MinCut::kNever);
  cut.add_edge(a, b, MinCut::kNever);
  cut.add_edge(b, MinCut::kSink, 1'000'000);
  EXPECT_THAT(cut.source_side(), ElementsAre(true, false, true, true));
}

TEST(MinCut, WithoutAWayNothingIsCut) {
  MinCut cut;
  cut.add_edge(cut.add_vertex(), MinCut::kSink, 1);
  EXPECT_THAT(cut.source_side(), ElementsAre(true, false, false));
}

struct Network {
  struct Edge {
    int from, to;
    std::int64_t capacity;
  };
  int vertices;
  std::vector<Edge> edges;

  std::int64_t price(const std::vector<bool>& side) const {
    std::int64_t sum = 0;
    for (const Edge& edge : edges) {
      const bool crosses =
          side[static_cast<std::size_t>(edge.from)] && !side[static_cast<std::size_t>(edge.to)];
      if (crosses) sum += edge.capacity;
    }
    return sum;
  }

  std::int64_t cheapest() const {
    std::int64_t best = INT64_MAX;
    for (int choice = 0; choice < 1 << (vertices - 2); ++choice) {
      std::vector<bool> side = {true, false};
      for (int i = 0; i < vertices - 2; ++i) side.push_back((choice >> i & 1) != 0);
      best = std::min(best, price(side));
    }
    return best;
  }
};

TEST(MinCut, IsAsCheapAsTheBestOfAllCuts) {
  std::mt19937 random(1);
  for (int round = 0; round < 300; ++round) {
    Network network{.vertices = 8, .edges = {}};
    MinCut cut;
    for (int i = 2; i < network.vertices; ++i) cut.add_vertex();
    for (int i = 0; i < 20; ++i) {
      const Network::Edge edge{static_cast<int>(random() % 8), static_cast<int>(random() % 8),
                               static_cast<std::int64_t>(random() % 10)};
      network.edges.push_back(edge);
      cut.add_edge(edge.from, edge.to, edge.capacity);
    }
    EXPECT_EQ(network.price(cut.source_side()), network.cheapest()) << "round " << round;
  }
}

}  // namespace
}  // namespace mini_infer::optimizer
