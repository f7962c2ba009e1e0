#include "schedule/order.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "schedule/exhaustive.h"
#include "schedule/problems.h"
#include "schedule/progress.h"
#include "schedule/segments.h"

namespace mini_infer::schedule {
namespace {

using ::testing::ElementsAre;

constexpr std::int64_t kPlenty = 10'000'000;

std::vector<int> numbered(const Problem& problem) {
  std::vector<int> order(problem.steps.size());
  std::iota(order.begin(), order.end(), 0);
  return order;
}

// Two branches that begin wide and end narrow: one after the other needs less than both at once.
ProblemBuilder two_branches() {
  ProblemBuilder b;
  const int x = b.input(1);
  const int wide_a = b.step({x}, 10);
  const int wide_b = b.step({x}, 10);
  const int thin_a = b.step({wide_a}, 1);
  const int thin_b = b.step({wide_b}, 1);
  b.keep(b.step({thin_a, thin_b}, 1));
  return b;
}

TEST(Order, OneBranchIsFinishedBeforeTheOtherBegins) {
  const Problem problem = two_branches().problem();
  EXPECT_EQ(least_peak_of(problem, numbered(problem)), 21);
  const Order order = least_peak_order(problem, kPlenty);
  EXPECT_THAT(order.steps, ElementsAre(0, 2, 1, 3, 4));
  EXPECT_EQ(order.peak, 12);
  EXPECT_EQ(order.bound_by_search, 12);
}

TEST(Order, AnOrderThatIsAsGoodStays) {
  ProblemBuilder b;
  const int x = b.input(5);
  const int left = b.step({x}, 5);
  const int right = b.step({x}, 5);
  b.keep(b.step({left, right}, 5));
  const Order order = least_peak_order(b.problem(), kPlenty);
  EXPECT_THAT(order.steps, ElementsAre(0, 1, 2));
  EXPECT_EQ(order.peak, 15);
  EXPECT_EQ(order.bound_by_problem, 15);
}

// x is 8 bytes; what overwrites it must come behind its other reader, which comes first otherwise
// only by accident.
TEST(Order, TheLastReaderIsTheOneThatMayOverwrite) {
  ProblemBuilder b;
  const int x = b.input(8);
  const int changed = b.step({x}, 8);
  b.overwrite(changed, x);
  const int thin = b.step({x}, 1);
  b.keep(b.step({changed, thin}, 1));
  EXPECT_EQ(least_peak_of(b.problem(), {0, 1, 2}), 17);
  const Order order = least_peak_order(b.problem(), kPlenty);
  EXPECT_THAT(order.steps, ElementsAre(1, 0, 2));
  EXPECT_EQ(order.peak, 10);
}

TEST(Order, AStepThatBothMayOverwriteDoesOne) {
  ProblemBuilder b;
  const int x = b.input(8);
  const int z = b.input(8);
  const int sum = b.step({x, z}, 8);
  b.overwrite(sum, x);
  b.overwrite(sum, z);
  b.keep(sum);
  EXPECT_EQ(least_peak_order(b.problem(), kPlenty).peak, 16);
}

TEST(Order, NoStepsNeedWhatIsGivenToThem) {
  EXPECT_EQ(least_peak_order({}, kPlenty).peak, 0);
  ProblemBuilder b;
  b.keep(b.input(7));
  EXPECT_EQ(least_peak_order(b.problem(), kPlenty).peak, 7);
}

TEST(Order, IsTheBestOfAllOrdersAndOverwrites) {
  std::mt19937 random(3);
  int better = 0;
  int by_problem = 0;
  for (int round = 0; round < 3000; ++round) {
    SCOPED_TRACE(round);
    const Problem problem = make({.inputs = 1 + round % 3, .steps = 3 + round % 5}, random);
    const std::int64_t least = least_peak(problem);
    const Order order = least_peak_order(problem, kPlenty);
    ASSERT_TRUE(is_order(problem, order.steps));
    ASSERT_EQ(order.peak, least);
    ASSERT_EQ(least_peak_of(problem, order.steps), least);
    ASSERT_EQ(std::max(order.bound_by_problem, order.bound_by_search), least);
    ASSERT_LE(order.bound_by_problem, least);
    ASSERT_EQ(bound_of_any_order(problem), order.bound_by_problem);
    better += least < least_peak_of(problem, numbered(problem)) ? 1 : 0;
    by_problem += order.bound_by_problem == least ? 1 : 0;
  }
  EXPECT_GT(better, 300);
  EXPECT_GT(by_problem, 1000);
  EXPECT_LT(by_problem, 3000);
}

TEST(Order, WithLittleWorkToSpendItIsNoWorseThanTheNumberedOneAndClaimsNothing) {
  std::mt19937 random(4);
  int gaps = 0;
  for (int round = 0; round < 500; ++round) {
    SCOPED_TRACE(round);
    const Problem problem = make({.steps = 7}, random);
    const std::int64_t least = least_peak(problem);
    const Order order = least_peak_order(problem, round % 80);
    ASSERT_TRUE(is_order(problem, order.steps));
    ASSERT_EQ(least_peak_of(problem, order.steps), order.peak);
    ASSERT_LE(order.peak, least_peak_of(problem, numbered(problem)));
    ASSERT_LE(std::max(order.bound_by_problem, order.bound_by_search), least);
    gaps += order.peak > std::max(order.bound_by_problem, order.bound_by_search) ? 1 : 0;
  }
  EXPECT_GT(gaps, 10);
}

TEST(Order, IsTheSameEachTime) {
  std::mt19937 random(5);
  const Problem problem = make({.inputs = 3, .steps = 60, .largest = 1000}, random);
  const Order first = least_peak_order(problem, 100'000);
  const Order second = least_peak_order(problem, 100'000);
  EXPECT_EQ(first.steps, second.steps);
  EXPECT_EQ(first.peak, second.peak);
}

TEST(Segments, AreCutWhereEverythingComesBeforeOrAfter) {
  const std::vector<Segment> cut = segments(two_branches().problem());
  ASSERT_EQ(cut.size(), 1u);  // only the last step has all others on one side
  ProblemBuilder b;
  int x = b.input(1);
  x = b.step({x}, 1);
  const int left = b.step({x}, 1);
  const int right = b.step({x}, 1);
  x = b.step({left, right}, 1);
  b.keep(b.step({x}, 1));
  const std::vector<Segment> diamond = segments(b.problem());
  ASSERT_EQ(diamond.size(), 3u);
  EXPECT_EQ(diamond[0].end, 1);
  EXPECT_EQ(diamond[1].end, 4);
  EXPECT_EQ(diamond[2].end, 5);
}

TEST(Progress, IsTheDefinitionAndCanBeTakenBack) {
  std::mt19937 random(6);
  for (int round = 0; round < 300; ++round) {
    const Problem problem = make({.inputs = 2, .steps = 8}, random);
    Progress progress(problem);
    std::vector<std::int64_t> live;
    std::vector<int> order;
    std::int64_t peak = 0;
    while (!progress.ready().empty()) {
      live.push_back(progress.live());
      order.push_back(progress.ready()[random() % progress.ready().size()]);
      peak = std::max(peak, progress.footprint(order.back()));
      progress.run(order.back());
    }
    ASSERT_EQ(peak, least_peak_of(problem, order));
    for (std::size_t i = order.size(); i-- > 0;) {
      progress.take_back(order[i]);
      ASSERT_EQ(progress.live(), live[i]);
    }
  }
}

}  // namespace
}  // namespace mini_infer::schedule
