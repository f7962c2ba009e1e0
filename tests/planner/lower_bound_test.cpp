#include "planner/lower_bound.h"

#include <gtest/gtest.h>

#include <limits>

#include "planner/problems.h"

namespace mini_infer::planner {
namespace {

TEST(LowerBound, OfNothingIsNothing) {
  const LowerBound bound = lower_bound({});
  EXPECT_EQ(bound.bytes, 0);
  EXPECT_EQ(bound.step, 0);
}

TEST(LowerBound, LastStepsAreIncluded) {
  const LowerBound bound = lower_bound({{{.size = 10, .first = 0, .last = 3},
                                         {.size = 20, .first = 3, .last = 5},
                                         {.size = 15, .first = 4, .last = 4}}});
  EXPECT_EQ(bound.bytes, 35);
  EXPECT_EQ(bound.step, 4);
  EXPECT_EQ(
      lower_bound({{{.size = 10, .first = 0, .last = 3}, {.size = 20, .first = 3, .last = 5}}})
          .bytes,
      30);
}

TEST(LowerBound, TheFirstOfTwoPeaksIsNamed) {
  const LowerBound bound = lower_bound({{{.size = 7, .first = 6, .last = 8},
                                         {.size = 7, .first = 2, .last = 3},
                                         {.size = 0, .first = 1, .last = 1}}});
  EXPECT_EQ(bound.bytes, 7);
  EXPECT_EQ(bound.step, 2);
}

TEST(LowerBound, SizesAreRoundedUpToTheAlignment) {
  EXPECT_EQ(footprint({.size = 0, .alignment = 256}), 0);
  EXPECT_EQ(footprint({.size = 1, .alignment = 256}), 256);
  EXPECT_EQ(footprint({.size = 256, .alignment = 256}), 256);
  EXPECT_EQ(footprint({.size = 257, .alignment = 1}), 257);
  EXPECT_EQ(lower_bound({{{.size = 1, .alignment = 256}, {.size = 1, .alignment = 4}}}).bytes, 260);
}

TEST(LowerBound, TheLastStepOfAllCanBeTheLargestInteger) {
  constexpr std::int32_t kEnd = std::numeric_limits<std::int32_t>::max();
  const LowerBound bound = lower_bound({{{.size = 5, .first = kEnd, .last = kEnd}}});
  EXPECT_EQ(bound.bytes, 5);
  EXPECT_EQ(bound.step, kEnd);
}

TEST(LowerBound, IsTheLargestSumOverAllSteps) {
  Random random(1);
  for (int round = 0; round < 300; ++round) {
    const Problem problem = make({.buffers = random.in(1, 40), .steps = 30}, random);
    std::vector<std::int64_t> live(30);
    for (const Buffer& buffer : problem.buffers) {
      for (std::int32_t step = buffer.first; step <= buffer.last; ++step) {
        live[step] += (buffer.size + 255) / 256 * 256;
      }
    }
    const auto peak = std::max_element(live.begin(), live.end());
    const LowerBound bound = lower_bound(problem);
    EXPECT_EQ(bound.bytes, *peak);
    EXPECT_EQ(bound.step, peak - live.begin());
  }
}

}  // namespace
}  // namespace mini_infer::planner
