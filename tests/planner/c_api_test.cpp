#include "mini_infer/planner/c_api.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

namespace mini_infer::planner {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(CApi, PlacesBuffers) {
  const std::array<mini_infer_buffer, 3> buffers = {
      {{100, 0, 2, 64, 0, 0}, {50, 1, 4, 64, 0, 0}, {60, 3, 4, 0, 0, 0}}};
  std::array<std::int64_t, 3> offsets = {-1, -1, -1};
  mini_infer_solution solution;
  std::array<char, 8> message = {'x'};
  ASSERT_EQ(mini_infer_solve(buffers.data(), buffers.size(), nullptr, offsets.data(), &solution,
                             message.data(), message.size()),
            MINI_INFER_OK);
  EXPECT_EQ(solution.height, 192);
  EXPECT_EQ(solution.lower_bound, 192);
  EXPECT_EQ(solution.peak_step, 1);
  EXPECT_EQ(solution.proof, MINI_INFER_PROOF_BY_BOUND);
  EXPECT_EQ(offsets[0] % 64, 0);
  EXPECT_STREQ(message.data(), "");
}

TEST(CApi, FixedBuffersStayWhereTheyAre) {
  const std::array<mini_infer_buffer, 2> buffers = {{{8, 0, 1, 8, 1, 16}, {20, 0, 0, 4, 0, 0}}};
  std::array<std::int64_t, 2> offsets = {};
  ASSERT_EQ(mini_infer_solve(buffers.data(), 2, nullptr, offsets.data(), nullptr, nullptr, 0),
            MINI_INFER_OK);
  EXPECT_THAT(offsets, ElementsAre(16, 24));
}

TEST(CApi, NothingIsAPlanToo) {
  EXPECT_EQ(mini_infer_solve(nullptr, 0, nullptr, nullptr, nullptr, nullptr, 0), MINI_INFER_OK);
}

TEST(CApi, AnErrorNamesTheBufferAndWritesNothing) {
  const mini_infer_buffer buffer = {1, 3, 2, 1, 0, 0};
  std::int64_t offset = 77;
  std::array<char, 64> message = {};
  EXPECT_EQ(mini_infer_solve(&buffer, 1, nullptr, &offset, nullptr, message.data(), message.size()),
            MINI_INFER_INVALID_ARGUMENT);
  EXPECT_THAT(message.data(), HasSubstr("buffer 0: last step 2 < first step 3"));
  EXPECT_EQ(offset, 77);
  EXPECT_EQ(mini_infer_solve(&buffer, 1, nullptr, &offset, nullptr, message.data(), 9),
            MINI_INFER_INVALID_ARGUMENT);
  EXPECT_STREQ(message.data(), "buffer 0");
  EXPECT_EQ(mini_infer_solve(&buffer, 1, nullptr, nullptr, nullptr, nullptr, 0),
            MINI_INFER_INVALID_ARGUMENT);
}

TEST(CApi, TheEffortIsTheCallers) {
  mini_infer_effort effort = mini_infer_default_effort();
  EXPECT_GT(effort.nodes, 0);
  EXPECT_EQ(effort.threads, 1);
  const mini_infer_buffer buffer = {1, 0, 0, 1, 0, 0};
  std::int64_t offset = 0;
  effort.threads = 4;
  std::array<char, 128> message = {};
  EXPECT_EQ(mini_infer_solve(&buffer, 1, &effort, &offset, nullptr, message.data(), message.size()),
            MINI_INFER_INVALID_ARGUMENT);
  EXPECT_THAT(message.data(), HasSubstr("only where seconds are given"));
  effort.seconds = 1;
  EXPECT_EQ(mini_infer_solve(&buffer, 1, &effort, &offset, nullptr, nullptr, 0), MINI_INFER_OK);
}

TEST(CApi, AZeroedBufferMayLieAnywhere) {
  std::array<mini_infer_buffer, 2> buffers = {};
  buffers[0].size = 10;
  buffers[1].size = 20;
  buffers[1].offset = 1000;  // not read, for it is not fixed
  std::array<std::int64_t, 2> offsets = {};
  mini_infer_solution solution;
  ASSERT_EQ(mini_infer_solve(buffers.data(), 2, nullptr, offsets.data(), &solution, nullptr, 0),
            MINI_INFER_OK);
  EXPECT_EQ(solution.height, 30);
}

TEST(CApi, ChecksAPlanOfAnybody) {
  std::array<mini_infer_buffer, 2> buffers = {};
  buffers[0].size = buffers[1].size = 10;
  const mini_infer_solution claimed = {20, 20, 0, MINI_INFER_PROOF_BY_BOUND};
  std::array<char, 128> message = {};
  const auto verdict = [&](std::array<std::int64_t, 2> offsets, mini_infer_solution solution) {
    return mini_infer_check(buffers.data(), 2, offsets.data(), &solution, message.data(),
                            message.size());
  };
  EXPECT_EQ(verdict({10, 0}, claimed), MINI_INFER_OK);
  EXPECT_STREQ(message.data(), "");
  EXPECT_EQ(verdict({5, 0}, claimed), MINI_INFER_REFUSED);
  EXPECT_STRNE(message.data(), "");
  EXPECT_EQ(verdict({10, 0}, {20, 10, 0, MINI_INFER_PROOF_NONE}), MINI_INFER_REFUSED);
  EXPECT_EQ(verdict({10, 0}, {20, 20, 0, 7}), MINI_INFER_INVALID_ARGUMENT);
  EXPECT_EQ(mini_infer_check(buffers.data(), 2, nullptr, &claimed, message.data(), message.size()),
            MINI_INFER_INVALID_ARGUMENT);
}

TEST(CApi, SaysWhichLibraryItIs) {
  EXPECT_EQ(mini_infer_planner_interface(), MINI_INFER_PLANNER_INTERFACE);
  EXPECT_STRNE(mini_infer_planner_version(), "");
}

}  // namespace
}  // namespace mini_infer::planner
