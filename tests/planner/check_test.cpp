#include "mini_infer/planner/check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <initializer_list>
#include <limits>

#include "mini_infer/planner/solve.h"
#include "planner/problems.h"

namespace mini_infer::planner {
namespace {

using ::testing::HasSubstr;

constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();

// Three buffers; 0 and 1 live together, 2 comes after and takes the bytes of 0.
const Problem kProblem = {{{.size = 100, .first = 0, .last = 2, .alignment = 64},
                           {.size = 50, .first = 1, .last = 4, .alignment = 64},
                           {.size = 60, .first = 3, .last = 4, .alignment = 64}}};
const Solution kGood = {.offsets = {0, 128, 0},
                        .height = 192,
                        .lower_bound = 192,
                        .peak_step = 1,
                        .proof = Proof::kByBound};

void expect_refused(const Solution& solution, std::initializer_list<const char*> parts) {
  const core::Status status = check(kProblem, solution);
  EXPECT_EQ(status.code(), core::Status::ERROR_INTERNAL);
  for (const char* part : parts) EXPECT_THAT(status.message(), HasSubstr(part));
}

TEST(Check, AcceptsAGoodPlan) {
  EXPECT_TRUE(check(kProblem, kGood).ok()) << check(kProblem, kGood).message();
  EXPECT_TRUE(check({}, {}).ok());
}

TEST(Check, AModestClaimIsNoLie) {
  Solution solution = kGood;
  solution.proof = Proof::kNone;
  EXPECT_TRUE(check(kProblem, solution).ok());
  solution.proof = Proof::kBySearch;
  EXPECT_TRUE(check(kProblem, solution).ok());
}

TEST(Check, AnOverlapNamesBuffersStepsAndBytes) {
  Solution solution = kGood;
  solution.offsets = {0, 64, 128};
  expect_refused(solution,
                 {"buffer 0 (bytes [0, 128), steps 0..2)", "buffer 1 (bytes [64, 128), steps 1..4)",
                  "share bytes [64, 128) at steps 1..2"});
}

TEST(Check, AFixedBufferStaysWhereItIs) {
  Problem problem = kProblem;
  problem.buffers[1].fixed_offset = 128;
  EXPECT_TRUE(check(problem, kGood).ok());
  problem.buffers[1].fixed_offset = 64;
  const core::Status status = check(problem, kGood);
  EXPECT_EQ(status.code(), core::Status::ERROR_INTERNAL);
  EXPECT_THAT(status.message(), HasSubstr("buffer 1 is fixed at offset 64, not 128"));
}

TEST(Check, AFixedEndIsPartOfTheBound) {
  const Problem problem = {{{.size = 8}, {.size = 8, .first = 3, .last = 3, .fixed_offset = 64}}};
  Solution solution = {.offsets = {0, 64}, .height = 72, .lower_bound = 72, .peak_step = 3};
  EXPECT_TRUE(check(problem, solution).ok()) << check(problem, solution).message();
  solution.lower_bound = 8;
  solution.peak_step = 0;
  EXPECT_THAT(check(problem, solution).message(), HasSubstr("step 3 needs 72 bytes"));
}

TEST(Check, AMisalignedOffsetIsRefused) {
  Solution solution = kGood;
  solution.offsets[2] = 32;
  expect_refused(solution, {"the offset of buffer 2, 32, is no multiple"});
}

TEST(Check, ABufferOutsideIsRefused) {
  for (std::int64_t offset : {std::int64_t{-64}, std::int64_t{192}, kMax - 63, -kMax - 1}) {
    Solution solution = kGood;
    solution.offsets[2] = offset;
    expect_refused(solution, {"buffer 2", "leaves [0, 192)"});
  }
}

TEST(Check, PaddingMustFitToo) {
  Solution solution = kGood;
  solution.height = 180;
  expect_refused(solution, {"buffer 1, 50 bytes padded by 14 at offset 128"});
}

TEST(Check, AWrongHeightIsRefused) {
  Solution solution = kGood;
  solution.height = 256;
  expect_refused(solution, {"height is 256, the highest buffer ends at 192"});
}

TEST(Check, AnEmptyBufferMayLieAnywhereButDoesNotRaiseTheHeight) {
  const Problem problem = {{{.size = 8}, {.size = 0}}};
  for (std::int64_t offset : {0, 3, 8}) {
    EXPECT_TRUE(check(problem, {.offsets = {0, offset}, .height = 8, .lower_bound = 8}).ok());
  }
  EXPECT_FALSE(check(problem, {.offsets = {0, 9}, .height = 8, .lower_bound = 8}).ok());
  EXPECT_FALSE(check(problem, {.offsets = {0, 9}, .height = 9, .lower_bound = 8}).ok());
}

TEST(Check, AWrongBoundIsRefused) {
  for (std::int64_t bound : {std::int64_t{0}, std::int64_t{150}, std::int64_t{256}}) {
    Solution solution = kGood;
    solution.lower_bound = bound;
    expect_refused(solution, {"step 1 needs 192 bytes"});
  }
}

TEST(Check, AWrongPeakStepIsRefused) {
  Solution solution = kGood;
  solution.peak_step = 2;
  expect_refused(solution, {"step 1 is the first that needs 192 bytes"});
}

TEST(Check, AFalseProofIsRefused) {
  Solution solution = kGood;
  solution.offsets[2] = 192;
  solution.height = 256;
  solution.proof = Proof::kNone;
  EXPECT_TRUE(check(kProblem, solution).ok());
  solution.proof = Proof::kByBound;
  expect_refused(solution, {"claims a proof"});
}

TEST(Check, OffsetsMustBeAsManyAsBuffers) {
  Solution solution = kGood;
  solution.offsets.pop_back();
  expect_refused(solution, {"2 offsets for 3 buffers"});
}

TEST(Check, AMalformedProblemIsNotJudged) {
  for (const Buffer& buffer : {Buffer{.size = -1}, Buffer{.size = 1, .first = 1, .last = 0},
                               Buffer{.size = 1, .first = -1}, Buffer{.size = 1, .alignment = 3},
                               Buffer{.size = 1, .alignment = 0}}) {
    const core::Status status = check({{buffer}}, {.offsets = {0}, .height = 1});
    EXPECT_EQ(status.code(), core::Status::ERROR_INVALID_ARGUMENT);
    EXPECT_THAT(status.message(), HasSubstr("buffer 0"));
  }
}

TEST(Check, NothingOverflows) {
  const Problem problem = {{{.size = kMax, .alignment = std::int64_t{1} << 62}, {.size = kMax}}};
  EXPECT_FALSE(check(problem, {.offsets = {0, 0}, .height = kMax}).ok());
  const Problem one = {{{.size = kMax}}};
  EXPECT_TRUE(check(one, {.offsets = {0}, .height = kMax, .lower_bound = kMax}).ok());
}

// What a plan must be, one pair, one step at a time.
bool is_right(const Problem& problem, const Solution& solution) {
  const std::vector<Buffer>& buffers = problem.buffers;
  std::vector<std::int64_t> ends;
  std::int64_t height = 0;
  std::int32_t steps = 0;
  for (std::size_t i = 0; i < buffers.size(); ++i) {
    const std::int64_t alignment = buffers[i].alignment;
    const std::int64_t size = (buffers[i].size + alignment - 1) / alignment * alignment;
    if (solution.offsets[i] < 0 || solution.offsets[i] % alignment != 0) return false;
    ends.push_back(solution.offsets[i] + size);
    if (size == 0 && solution.offsets[i] > solution.height) return false;
    if (size > 0) height = std::max(height, ends[i]);
    steps = std::max(steps, buffers[i].last + 1);
    for (std::size_t j = 0; j < i; ++j) {
      const bool in_time =
          buffers[i].first <= buffers[j].last && buffers[j].first <= buffers[i].last;
      const std::int64_t begin = std::max(solution.offsets[i], solution.offsets[j]);
      if (in_time && begin < std::min(ends[i], ends[j])) return false;
    }
  }
  std::int64_t bound = 0;
  std::int32_t peak = 0;
  for (std::int32_t step = 0; step < steps; ++step) {
    std::int64_t live = 0;
    for (std::size_t i = 0; i < buffers.size(); ++i) {
      if (buffers[i].first <= step && step <= buffers[i].last)
        live += ends[i] - solution.offsets[i];
    }
    if (live > bound) peak = step;
    bound = std::max(bound, live);
  }
  const bool proof_holds = solution.proof != Proof::kByBound || height == bound;
  return solution.height == height && solution.lower_bound == bound && solution.peak_step == peak &&
         proof_holds;
}

// One small lie about a plan.
void mutate(Solution& solution, Random& random) {
  std::int64_t& offset =
      solution.offsets[random.in(0, static_cast<std::int32_t>(solution.offsets.size()) - 1)];
  switch (random.in(0, 6)) {
    case 0:
      offset = std::int64_t{4} * random.in(-4, 64);
      break;
    case 1:
      offset += random.in(-40, 40);
      break;
    case 2:
      offset = solution.offsets[0];
      break;
    case 3:
      solution.height += random.in(-8, 8);
      break;
    case 4:
      solution.lower_bound += random.in(-8, 8);
      break;
    case 5:
      solution.peak_step += random.in(-2, 2);
      break;
    case 6:
      solution.proof = Proof::kByBound;
      break;
  }
}

TEST(Check, AgreesWithThePlainRulesOnTenThousandMutations) {
  Random random(10);
  int wrong = 0;
  int right = 0;
  while (wrong < 10'000) {
    const Problem problem =
        make({.buffers = random.in(2, 12), .steps = 10, .largest = 60, .alignments = {1, 4, 16}},
             random);
    auto solution = random.in(0, 2) > 0 ? solve(problem) : unshared(problem);
    ASSERT_TRUE(solution.ok());
    ASSERT_TRUE(is_right(problem, *solution));
    mutate(*solution, random);
    const bool expected = is_right(problem, *solution);
    const core::Status status = check(problem, *solution);
    ASSERT_EQ(status.ok(), expected) << status.message();
    (expected ? right : wrong) += 1;
  }
  EXPECT_GT(right, 100);
}

}  // namespace
}  // namespace mini_infer::planner
