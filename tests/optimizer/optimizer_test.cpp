#include "optimizer/optimizer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cpu/evaluator.h"
#include "optimizer/builder.h"
#include "optimizer/optimized.h"
#include "optimizer/pass.h"

namespace mini_infer::test {
namespace {

using core::Status;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<std::string> pass_names() {
  std::vector<std::string> names;
  for (const auto& pass : optimizer::passes()) names.emplace_back(pass.name);
  return names;
}

Builder conv_and_relu() {
  Builder b;
  b.output(b.relu("y", b.conv("c", b.input("x", {1, 3, 8, 8}), {4, 3, 3, 3})));
  return b;
}

TEST(Optimizer, ListsItsPassesInTheOrderTheyRun) {
  EXPECT_THAT(
      pass_names(),
      ElementsAre("remove-identity", "merge-pad", "fuse-activation", "fuse-normalization",
                  "fold-batch-norm", "fuse-rotary", "fuse-attention", "absorb-transposes",
                  "fuse-epilogue", "pack-projections", "fuse-residual", "fuse-scale", "layout"));
  for (const auto& pass : optimizer::passes()) EXPECT_FALSE(pass.summary.empty());
}

TEST(Optimizer, RefusesAPassThatDoesNotExistBeforeTouchingTheGraph) {
  Builder b = conv_and_relu();
  const std::string before = b.graph().to_text();
  const auto reports =
      optimizer::optimize(b.graph(), {.passes = {{"fuse"}}, .after_pass = {}}, cpu::evaluate);
  EXPECT_EQ(reports.status().code(), Status::ERROR_INVALID_ARGUMENT);
  EXPECT_THAT(reports.status().message(), HasSubstr("'fuse'"));
  EXPECT_THAT(reports.status().message(), HasSubstr("fuse-epilogue"));
  EXPECT_EQ(b.graph().to_text(), before);
}

TEST(Optimizer, WithoutSwitchablePassesOnlyFoldsAndDrops) {
  Builder b;
  auto x = b.input("x", {2});
  auto sum = b.add("sum", b.scalar("two", 2), b.scalar("three", 3));
  b.output(b.mul("y", x, sum));
  b.relu("unread", x);
  EXPECT_EQ(nodes_text(optimized(b.graph(), Passes{std::in_place})),
            "%y float32[2] = Mul(%x, %sum)\n");
}

TEST(Optimizer, RunsOnlyThePassesAskedFor) {
  Builder b = conv_and_relu();
  EXPECT_EQ(op_list(optimized(b.graph(), {{"fold-batch-norm"}})), "Conv Relu");
  EXPECT_EQ(op_list(optimized(b.graph(), {{"fuse-epilogue"}})), "mini_infer.Conv");
}

TEST(Optimizer, ReportsEveryPassAndShowsTheGraphAfterIt) {
  Builder b = conv_and_relu();
  std::vector<std::string> seen;
  const optimizer::Options options{
      .passes = std::nullopt, .after_pass = [&](std::string_view pass, const graph::Graph& graph) {
        seen.push_back(std::string(pass) + " " + std::to_string(graph.nodes().size()));
      }};
  const auto reports = optimizer::optimize(b.graph(), options, cpu::evaluate);
  ASSERT_TRUE(reports.ok()) << reports.status().message();
  EXPECT_THAT(seen, ElementsAre("fold-constants 2", "drop-dead 2", "remove-identity 2",
                                "merge-pad 2", "fuse-activation 2", "fuse-normalization 2",
                                "fold-batch-norm 2", "fuse-rotary 2", "fuse-attention 2",
                                "absorb-transposes 2", "fuse-epilogue 1", "pack-projections 1",
                                "fuse-residual 1", "fuse-scale 1", "layout 2"));
  const auto& fuse = reports.value()[10];
  EXPECT_EQ(fuse.name, "fuse-epilogue");
  EXPECT_EQ(fuse.nodes_before, 2);
  EXPECT_EQ(fuse.nodes_after, 1);
  EXPECT_GE(fuse.milliseconds, 0);
}

TEST(Optimizer, AnErrorOfTheModelIsNotCalledOurs) {
  Builder b;
  b.output(b.add("y", b.input("x", {2}), b.input("z", {3})));
  const auto reports = optimizer::optimize(b.graph(), {}, cpu::evaluate);
  EXPECT_EQ(reports.status().code(), Status::ERROR_INVALID_MODEL);
  EXPECT_THAT(reports.status().message(), HasSubstr("Add 'y'"));
}

TEST(Optimizer, AConstantOutputAndAnUnreadInputStay) {
  Builder b;
  b.input("unread", {4});
  b.output(b.add("five", b.scalar("two", 2), b.scalar("three", 3)));
  const graph::Graph graph = optimized(b.graph());
  EXPECT_TRUE(graph.nodes().empty());
  EXPECT_EQ(graph.inputs.size(), 1u);
  ASSERT_EQ(graph.outputs.size(), 1u);
  EXPECT_EQ(graph.value(graph.outputs[0]).constant->as<float>()[0], 5.0f);
}

TEST(Optimizer, LeavesOutOptionalOutputsThatNobodyReads) {
  Builder b;
  auto x = b.input("x", {1, 2, 4, 4});
  auto pooled =
      b.node_of_many("MaxPool", "y", {x}, 2, {{"kernel_shape", std::vector<std::int64_t>{2, 2}}});
  b.output(pooled[0]);
  EXPECT_EQ(nodes_text(optimized(b.graph(), Passes{std::in_place})),
            "%y float32[1,2,3,3] = MaxPool(%x) kernel_shape=[2,2]\n");
}

TEST(Optimizer, TheSameModelGivesTheSameGraph) {
  Builder a = conv_and_relu(), b = conv_and_relu();
  EXPECT_EQ(optimized(a.graph()).to_text(), optimized(b.graph()).to_text());
}

TEST(RunPass, APassThatBreaksTheGraphIsNamed) {
  Builder b = conv_and_relu();
  ASSERT_TRUE(ops::infer(b.graph(), cpu::evaluate).ok());
  const optimizer::Pass pass{{"cut", ""}, [](graph::Graph& graph) {
                               graph.node(1).inputs[0] = graph.node(1).outputs[0];
                               return Status(Status::SUCCESS);
                             }};
  const auto report = optimizer::run_pass(pass, b.graph(), cpu::evaluate);
  EXPECT_EQ(report.status().code(), Status::ERROR_INTERNAL);
  EXPECT_THAT(report.status().message(), HasSubstr("'cut'"));
  EXPECT_THAT(report.status().message(), HasSubstr("Relu 'y'"));
}

TEST(RunPass, APassThatRenamesAnOutputIsNamed) {
  Builder b = conv_and_relu();
  ASSERT_TRUE(ops::infer(b.graph(), cpu::evaluate).ok());
  const optimizer::Pass pass{{"rename", ""}, [](graph::Graph& graph) {
                               graph.value(graph.outputs[0]).name = "z";
                               return Status(Status::SUCCESS);
                             }};
  const auto report = optimizer::run_pass(pass, b.graph(), cpu::evaluate);
  EXPECT_EQ(report.status().code(), Status::ERROR_INTERNAL);
  EXPECT_THAT(report.status().message(), HasSubstr("'rename'"));
  EXPECT_THAT(report.status().message(), HasSubstr("'z'"));
}

}  // namespace
}  // namespace mini_infer::test
