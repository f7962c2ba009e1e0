#include "mini_infer/planner/solve.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

#include "mini_infer/planner/check.h"
#include "planner/exhaustive.h"
#include "planner/greedy.h"
#include "planner/problems.h"

namespace mini_infer::planner {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();

// The solution, which the judge must accept.
Solution solved(const Problem& problem) {
  const auto solution = solve(problem);
  EXPECT_TRUE(solution.ok()) << solution.status().message();
  if (!solution.ok()) return {};
  const core::Status status = check(problem, *solution);
  EXPECT_TRUE(status.ok()) << status.message();
  return *solution;
}

TEST(Solve, NothingNeedsNothing) {
  const Solution solution = solved({});
  EXPECT_THAT(solution.offsets, IsEmpty());
  EXPECT_EQ(solution.height, 0);
  EXPECT_EQ(solution.proof, Proof::kByBound);
}

TEST(Solve, BuffersOfSizeZeroTakeNoRoom) {
  const Solution solution =
      solved({{{.size = 0, .last = 9, .alignment = 256}, {.size = 0, .last = 9}}});
  EXPECT_EQ(solution.height, 0);
  EXPECT_EQ(solved({{{.size = 0, .last = 9, .alignment = 256}, {.size = 3, .last = 9}}}).height, 3);
}

TEST(Solve, AChainNeedsItsTwoLargestNeighbours) {
  const Solution solution = solved({{{.size = 100, .first = 0, .last = 1},
                                     {.size = 300, .first = 1, .last = 2},
                                     {.size = 200, .first = 2, .last = 3},
                                     {.size = 50, .first = 3, .last = 4}}});
  EXPECT_EQ(solution.height, 500);
  EXPECT_EQ(solution.lower_bound, 500);
  EXPECT_EQ(solution.peak_step, 2);
  EXPECT_EQ(solution.proof, Proof::kByBound);
}

TEST(Solve, OffsetsAreAlignedAndTotalsAreWholeBlocks) {
  const Solution solution =
      solved({{{.size = 1, .alignment = 256}, {.size = 300, .alignment = 256}}});
  EXPECT_EQ(solution.height, 768);
  EXPECT_EQ(solution.lower_bound, 768);
}

TEST(Solve, TheSearchImprovesOnTheGreedyPlanners) {
  Random random(17);
  const Problem problem =
      make({.buffers = 120, .steps = 100, .longest = 12, .largest = 16 * 1024}, random);
  const Solution solution = solved(problem);
  Placer placer(problem);
  for (const Heuristic& heuristic : heuristics()) {
    Placement placement;
    placer.place(heuristic.order(problem), heuristic.fit, Placer::kNoLimit, placement);
    EXPECT_GT(placement.height, solution.height) << heuristic.name;
  }
}

struct BadBuffer {
  const char* name;
  Buffer buffer;
  const char* message;
};

TEST(Solve, AMalformedBufferIsNamed) {
  const BadBuffer cases[] = {
      {"size", {.size = -1}, "buffer 1: size -1 < 0"},
      {"first", {.size = 1, .first = -2, .last = 0}, "buffer 1: first step -2 < 0"},
      {"last", {.size = 1, .first = 3, .last = 2}, "buffer 1: last step 2 < first step 3"},
      {"alignment 0", {.size = 1, .alignment = 0}, "buffer 1: alignment 0 is no power of two"},
      {"alignment 12", {.size = 1, .alignment = 12}, "buffer 1: alignment 12 is no power of two"},
      {"negative alignment", {.size = 1, .alignment = -8}, "buffer 1: alignment -8"},
      {"lowest alignment", {.size = 1, .alignment = -kMax - 1}, "buffer 1: alignment -9"},
      {"sum", {.size = kMax - 8}, "buffer 1: the sizes up to this one"},
      {"padded size", {.size = kMax - 20, .alignment = 256}, "buffer 1: the sizes up to this one"},
      {"alignment of all", {.size = 0, .alignment = std::int64_t{1} << 62}, nullptr},
  };
  for (const BadBuffer& bad : cases) {
    SCOPED_TRACE(bad.name);
    const Problem problem = {{{.size = 8}, bad.buffer, {.size = 1}}};
    for (const auto& result : {solve(problem), unshared(problem)}) {
      EXPECT_EQ(result.ok(), bad.message == nullptr);
      if (bad.message == nullptr) continue;
      EXPECT_EQ(result.status().code(), core::Status::ERROR_INVALID_ARGUMENT);
      EXPECT_THAT(result.status().message(), HasSubstr(bad.message));
    }
  }
}

TEST(Solve, TheLargestSumThatFitsIsSolved) {
  const Solution solution = solved({{{.size = kMax - 101}, {.size = 100}}});
  EXPECT_EQ(solution.height, kMax - 1);
}

TEST(Solve, IsTheExhaustiveOptimumAndProvesIt) {
  Random random(5);
  int by_search = 0;
  for (int round = 0; round < 2000; ++round) {
    SCOPED_TRACE(round);
    const Problem problem = make_small(random);
    const std::int64_t optimum = exhaustive_optimum(problem);
    const Solution solution = solved(problem);
    ASSERT_LE(solution.lower_bound, optimum);
    ASSERT_EQ(solution.height, optimum);
    ASSERT_NE(solution.proof, Proof::kNone);
    by_search += solution.proof == Proof::kBySearch ? 1 : 0;
  }
  EXPECT_GT(by_search, 10);
}

TEST(Solve, WithoutNodesOnlyGreedyPlannersAreTried) {
  Random random(17);
  const Problem problem =
      make({.buffers = 120, .steps = 100, .longest = 12, .largest = 16 * 1024}, random);
  const auto greedy = solve(problem, {.nodes = 0});
  ASSERT_TRUE(greedy.ok());
  EXPECT_GT(greedy->height, solved(problem).height);
  EXPECT_EQ(greedy->proof, Proof::kNone);
}

TEST(Solve, EndsAtTheFirstPlanWithinTheCapacity) {
  Random random(17);
  const Problem problem =
      make({.buffers = 120, .steps = 100, .longest = 12, .largest = 16 * 1024}, random);
  const std::int64_t best = solved(problem).height;
  const std::int64_t greedy = solve(problem, {.nodes = 0})->height;
  const std::int64_t between = (best + greedy) / 2;
  const auto solution = solve(problem, {.capacity = between});
  ASSERT_TRUE(solution.ok());
  EXPECT_LE(solution->height, between);
  EXPECT_GT(solution->height, best);
  EXPECT_EQ(solve(problem, {.capacity = greedy})->height, greedy);
}

TEST(Solve, SearchesForSecondsAndInThreads) {
  Random random(17);
  const Problem problem =
      make({.buffers = 120, .steps = 100, .longest = 12, .largest = 16 * 1024}, random);
  const auto solution = solve(problem, {.seconds = 10, .threads = 2});
  ASSERT_TRUE(solution.ok()) << solution.status().message();
  EXPECT_TRUE(check(problem, *solution).ok());
  EXPECT_EQ(solution->height, solved(problem).height);
  EXPECT_EQ(solve(problem, {.seconds = 0})->height, solve(problem, {.nodes = 0})->height);
}

TEST(Solve, AnEffortOutsideItsLimitsIsRefused) {
  const auto message = [](const Effort& effort) {
    const auto result = solve({}, effort);
    EXPECT_EQ(result.status().code(), core::Status::ERROR_INVALID_ARGUMENT);
    return result.status().message();
  };
  EXPECT_THAT(message({.nodes = -1}), HasSubstr("search nodes: expected 0 or more, found -1"));
  EXPECT_THAT(message({.seconds = -1}), HasSubstr("from 0 to 1e9"));
  EXPECT_THAT(message({.seconds = std::numeric_limits<double>::quiet_NaN()}), HasSubstr("seconds"));
  EXPECT_THAT(message({.threads = 0}), HasSubstr("expected 1 to 1024, found 0"));
  EXPECT_THAT(message({.threads = 2}), HasSubstr("only where seconds are given"));
}

TEST(Solve, PutsTheOthersAroundFixedBuffers) {
  const Problem problem = {{{.size = 10, .first = 0, .last = 3},
                            {.size = 30, .first = 1, .last = 1, .fixed_offset = 20},
                            {.size = 15, .first = 0, .last = 1},
                            {.size = 25, .first = 2, .last = 3}}};
  const Solution solution = solved(problem);
  EXPECT_EQ(solution.offsets[1], 20);
  EXPECT_EQ(solution.height, 60);
  EXPECT_EQ(solution.lower_bound, 55);
  EXPECT_EQ(solution.proof, Proof::kNone);
}

TEST(Solve, AFixedEndIsABound) {
  const Solution solution =
      solved({{{.size = 10}, {.size = 5, .first = 7, .last = 8, .fixed_offset = 100}}});
  EXPECT_EQ(solution.height, 105);
  EXPECT_EQ(solution.lower_bound, 105);
  EXPECT_EQ(solution.peak_step, 7);
  EXPECT_EQ(solution.proof, Proof::kByBound);
}

TEST(Solve, RandomFixedBuffersStayAndAreAvoided) {
  Random random(23);
  for (int round = 0; round < 40; ++round) {
    Problem problem = make({.buffers = 30, .steps = 20, .alignments = {1, 64, 256}}, random);
    // Every third stays where another plan had it.
    const Solution before = solved(problem);
    for (std::size_t i = 0; i < problem.buffers.size(); i += 3) {
      problem.buffers[i].fixed_offset = before.offsets[i] + 256 * (round % 2);
    }
    const Solution after = solved(problem);
    ASSERT_GE(after.height, before.lower_bound);
    ASSERT_TRUE(check(problem, *unshared(problem)).ok());
  }
}

TEST(Solve, ABadFixedOffsetIsNamed) {
  const auto message = [](const Problem& problem) {
    const auto result = solve(problem);
    EXPECT_EQ(result.status().code(), core::Status::ERROR_INVALID_ARGUMENT);
    return result.status().message();
  };
  EXPECT_THAT(message({{{.size = 1, .fixed_offset = -4}}}),
              HasSubstr("buffer 0: fixed offset -4 < 0"));
  EXPECT_THAT(message({{{.size = 1, .alignment = 4, .fixed_offset = 6}}}),
              HasSubstr("buffer 0: fixed offset 6 is no multiple of the alignment, 4"));
  EXPECT_THAT(message({{{.size = 1}, {.size = 9, .fixed_offset = kMax - 8}}}),
              HasSubstr("above the highest fixed offset"));
  EXPECT_THAT(message({{{.size = 8, .last = 3, .fixed_offset = 0},
                        {.size = 8, .last = 2, .fixed_offset = 16},
                        {.size = 8, .first = 2, .last = 2, .fixed_offset = 12}}}),
              HasSubstr("buffer 2: its fixed offset, 12, puts it on bytes of buffer 1"));
  EXPECT_TRUE(solve({{{.size = 8, .last = 1, .fixed_offset = 0},
                      {.size = 8, .first = 2, .last = 2, .fixed_offset = 4}}})
                  .ok());
}

TEST(Solve, TheSameProblemGivesTheSamePlan) {
  Random random(6);
  for (int round = 0; round < 20; ++round) {
    const Problem problem = make({.buffers = 150, .steps = 60, .longest = 20}, random);
    const Solution once = solved(problem);
    const Solution again = solved(problem);
    EXPECT_EQ(once.offsets, again.offsets);
    EXPECT_EQ(once.height, again.height);
  }
}

// Pinned: another compiler, build type or machine must find these bytes too.
TEST(Solve, ThePlanIsTheSameEverywhere) {
  Random random(7);
  const Problem problem = make({.buffers = 200, .steps = 80, .longest = 30}, random);
  std::uint64_t hash = 14695981039346656037u;  // FNV-1a
  for (std::int64_t offset : solved(problem).offsets) {
    hash = (hash ^ static_cast<std::uint64_t>(offset)) * 1099511628211u;
  }
  EXPECT_EQ(hash, 17849950989025136581u);
}

TEST(Solve, SixtyThousandShortLivedBuffersAreSolved) {
  Random random(8);
  const Problem problem = make({.buffers = 60'000, .steps = 50'000}, random);
  const Solution solution = solved(problem);
  EXPECT_LE(solution.height, 2 * solution.lower_bound);
}

TEST(Unshared, EveryBufferHasItsOwnAlignedBytesInOrder) {
  const Problem problem = {{{.size = 3, .first = 5, .last = 5, .alignment = 4},
                            {.size = 0, .alignment = 1024},
                            {.size = 20, .first = 0, .last = 0, .alignment = 16},
                            {.size = 1, .first = 9, .last = 9, .alignment = 4}}};
  const auto plan = unshared(problem);
  ASSERT_TRUE(plan.ok());
  EXPECT_THAT(plan->offsets, ElementsAre(0, 0, 16, 48));
  EXPECT_EQ(plan->height, 52);
  EXPECT_EQ(plan->lower_bound, 32);
  EXPECT_EQ(plan->peak_step, 0);
  EXPECT_EQ(plan->proof, Proof::kNone);
  EXPECT_TRUE(check(problem, *plan).ok());
}

TEST(Unshared, FixedBuffersStayAndTheOthersLieAboveThem) {
  const Problem problem = {{{.size = 4}, {.size = 8, .fixed_offset = 16}, {.size = 4}}};
  const auto plan = unshared(problem);
  ASSERT_TRUE(plan.ok());
  EXPECT_THAT(plan->offsets, ElementsAre(24, 16, 28));
  EXPECT_TRUE(check(problem, *plan).ok());
}

TEST(Unshared, IsOptimalWhenAllLiveTogether) {
  const auto plan = unshared({{{.size = 3}, {.size = 4}}});
  EXPECT_EQ(plan->proof, Proof::kByBound);
}

}  // namespace
}  // namespace mini_infer::planner
