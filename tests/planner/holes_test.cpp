#include "planner/holes.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "mini_infer/planner/solve.h"
#include "planner/problems.h"

namespace mini_infer::planner {
namespace {

TEST(Holes, NoStepsNoHoles) { EXPECT_TRUE(holes({}, {}, 0).empty()); }

TEST(Holes, AreTheLargestFreeRangesOfEachStep) {
  const Problem problem = {{{.size = 10, .first = 1, .last = 2},
                            {.size = 20, .first = 1, .last = 1},
                            {.size = 0, .first = 2, .last = 2},
                            {.size = 5, .first = 2, .last = 4}}};
  const Solution solution = {.offsets = {0, 10, 0, 20}, .height = 30};
  const auto found = holes(problem, solution, 6);
  ASSERT_EQ(found.size(), 6u);
  const Hole expected[] = {{0, 30}, {0, 0}, {10, 10}, {0, 20}, {0, 20}, {0, 30}};
  for (std::size_t step = 0; step < found.size(); ++step) {
    EXPECT_EQ(found[step].offset, expected[step].offset) << step;
    EXPECT_EQ(found[step].size, expected[step].size) << step;
  }
}

TEST(Holes, TheLowestOfEqualsIsTaken) {
  const Problem problem = {{{.size = 10}, {.size = 10}}};
  const auto found = holes(problem, {.offsets = {10, 30}, .height = 50}, 1);
  EXPECT_EQ(found.at(0).offset, 0);
  EXPECT_EQ(found.at(0).size, 10);
}

// Free bytes one by one.
Hole largest_hole(const Problem& problem, const Solution& solution, std::int32_t step) {
  std::vector<bool> taken(solution.height, false);
  for (std::size_t i = 0; i < problem.buffers.size(); ++i) {
    const Buffer& buffer = problem.buffers[i];
    if (step < buffer.first || step > buffer.last) continue;
    std::fill_n(taken.begin() + solution.offsets[i], (buffer.size + 7) / 8 * 8, true);
  }
  Hole largest, current;
  for (std::int64_t byte = 0; byte < solution.height; ++byte) {
    current = taken[byte] ? Hole{byte + 1, 0} : Hole{current.offset, current.size + 1};
    if (current.size > largest.size) largest = current;
  }
  return largest;
}

TEST(Holes, AgreeWithCountingFreeBytes) {
  Random random(9);
  for (int round = 0; round < 200; ++round) {
    const Problem problem =
        make({.buffers = random.in(1, 30), .steps = 12, .largest = 40, .alignments = {8}}, random);
    const auto solution = random.in(0, 1) == 0 ? solve(problem) : unshared(problem);
    ASSERT_TRUE(solution.ok());
    const auto found = holes(problem, *solution, 13);
    for (std::size_t step = 0; step < found.size(); ++step) {
      const Hole expected = largest_hole(problem, *solution, static_cast<std::int32_t>(step));
      ASSERT_EQ(found[step].offset, expected.offset);
      ASSERT_EQ(found[step].size, expected.size);
    }
  }
}

}  // namespace
}  // namespace mini_infer::planner
