#include "planner/greedy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>

#include "mini_infer/planner/check.h"
#include "planner/lower_bound.h"
#include "planner/problems.h"

namespace mini_infer::planner {
namespace {

using ::testing::ElementsAre;

Solution as_solution(const Problem& problem, const Placement& placement) {
  const LowerBound bound = lower_bound(problem);
  return {.offsets = placement.offsets,
          .height = placement.height,
          .lower_bound = bound.bytes,
          .peak_step = bound.step};
}

// Steps 0 to 4; index 0 and 1 overlap at step 1, 1 and 2 at step 2, 3 stands alone.
const Problem kFour = {{{.size = 10, .first = 0, .last = 1},
                        {.size = 30, .first = 1, .last = 2},
                        {.size = 20, .first = 2, .last = 3},
                        {.size = 30, .first = 4, .last = 4}}};

TEST(Greedy, OrdersAreThoseOfTheirNames) {
  EXPECT_THAT(by_size(kFour), ElementsAre(1, 3, 2, 0));
  EXPECT_THAT(by_size_then_duration(kFour), ElementsAre(1, 3, 2, 0));
  EXPECT_THAT(by_duration(kFour), ElementsAre(1, 2, 0, 3));
  EXPECT_THAT(by_breadth(kFour), ElementsAre(1, 2, 0, 3));
  EXPECT_THAT(by_area(kFour), ElementsAre(1, 2, 3, 0));
  EXPECT_THAT(by_conflicts(kFour), ElementsAre(1, 2, 0, 3));
  EXPECT_THAT(by_start(kFour), ElementsAre(0, 1, 2, 3));
}

TEST(Greedy, TiesKeepTheProblemsOrder) {
  const Problem problem = {{{.size = 8}, {.size = 8}, {.size = 8}}};
  for (const Heuristic& heuristic : heuristics()) {
    EXPECT_THAT(heuristic.order(problem), ElementsAre(0, 1, 2)) << heuristic.name;
  }
}

TEST(Greedy, AreasAreComparedBeyond64Bits) {
  constexpr std::int64_t kHuge = std::int64_t{1} << 61;
  const Problem problem = {{{.size = kHuge + 1, .first = 0, .last = 98},
                            {.size = kHuge, .first = 0, .last = 99},
                            {.size = 1, .first = 0, .last = 1'000'000}}};
  EXPECT_THAT(by_area(problem), ElementsAre(1, 0, 2));
}

TEST(Greedy, BestFitTakesTheSmallestGapAndFirstFitTheLowest) {
  // 0, 2 and 4 stay; 1 and 3 leave gaps of 30 and 20 bytes for 5.
  const Problem problem = {{{.size = 10, .first = 0, .last = 1},
                            {.size = 30, .first = 0, .last = 0},
                            {.size = 10, .first = 0, .last = 1},
                            {.size = 20, .first = 0, .last = 0},
                            {.size = 10, .first = 0, .last = 1},
                            {.size = 20, .first = 1, .last = 1}}};
  Placer placer(problem);
  Placement placement;
  const Order order = {0, 1, 2, 3, 4, 5};
  EXPECT_EQ(placer.place(order, Fit::kLowest, Placer::kNoLimit, placement), 6u);
  EXPECT_THAT(placement.offsets, ElementsAre(0, 10, 40, 50, 70, 10));
  EXPECT_EQ(placer.place(order, Fit::kTightest, Placer::kNoLimit, placement), 6u);
  EXPECT_THAT(placement.offsets, ElementsAre(0, 10, 40, 50, 70, 50));
  EXPECT_EQ(placement.height, 80);
}

TEST(Greedy, AGapThatOnlyPaddingFillsIsNoGap) {
  const Problem problem = {{{.size = 8, .first = 0, .last = 1, .alignment = 8},
                            {.size = 24, .first = 0, .last = 0, .alignment = 8},
                            {.size = 8, .first = 0, .last = 1, .alignment = 8},
                            {.size = 16, .first = 1, .last = 1, .alignment = 16}}};
  Placer placer(problem);
  Placement placement;
  placer.place({0, 1, 2, 3}, Fit::kLowest, Placer::kNoLimit, placement);
  EXPECT_THAT(placement.offsets, ElementsAre(0, 8, 32, 16));
  placer.place({0, 2, 1, 3}, Fit::kLowest, Placer::kNoLimit, placement);
  EXPECT_THAT(placement.offsets, ElementsAre(0, 16, 8, 16));
}

TEST(Greedy, PlacingStopsAtTheLimit) {
  const Problem problem = {{{.size = 10}, {.size = 10}, {.size = 10}}};
  Placer placer(problem);
  Placement placement;
  EXPECT_EQ(placer.place({2, 0, 1}, Fit::kLowest, 29, placement), 2u);
  EXPECT_EQ(placer.place({2, 0, 1}, Fit::kLowest, 30, placement), 3u);
}

TEST(Greedy, EveryPlannerMakesPlansThatTheJudgeAccepts) {
  Random random(2);
  for (int round = 0; round < 200; ++round) {
    const Problem problem = make({.buffers = random.in(0, 80),
                                  .steps = random.in(1, 60),
                                  .longest = random.in(1, 30),
                                  .alignments = {1, 4, 64, 256}},
                                 random);
    Placer placer(problem);
    for (const Heuristic& heuristic : heuristics()) {
      const Order order = heuristic.order(problem);
      Order sorted = order;
      std::sort(sorted.begin(), sorted.end());
      Order all(problem.buffers.size());
      std::iota(all.begin(), all.end(), 0);
      ASSERT_EQ(sorted, all) << heuristic.name;

      Placement placement;
      ASSERT_EQ(placer.place(order, heuristic.fit, Placer::kNoLimit, placement), order.size());
      const core::Status status = check(problem, as_solution(problem, placement));
      ASSERT_TRUE(status.ok()) << heuristic.name << ": " << status.message();
    }
  }
}

// More buffers than one window of the placer's timeline holds.
TEST(Greedy, ThousandsOfShortAndLongBuffersAreNoDifferent) {
  Random random(3);
  Problem problem = make({.buffers = 5000, .steps = 4000, .longest = 12}, random);
  const Problem lasting = make({.buffers = 50, .steps = 4000, .longest = 4000}, random);
  problem.buffers.insert(problem.buffers.end(), lasting.buffers.begin(), lasting.buffers.end());
  Placer placer(problem);
  for (const Heuristic& heuristic : heuristics()) {
    Placement placement;
    placer.place(heuristic.order(problem), heuristic.fit, Placer::kNoLimit, placement);
    const core::Status status = check(problem, as_solution(problem, placement));
    EXPECT_TRUE(status.ok()) << heuristic.name << ": " << status.message();
  }
}

}  // namespace
}  // namespace mini_infer::planner
