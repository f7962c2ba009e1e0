#include "optimizer/rewrite.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cpu/evaluator.h"
#include "optimizer/builder.h"
#include "optimizer/pass.h"

namespace mini_infer::test {
namespace {

using core::Status;
using graph::Graph;
using ::testing::HasSubstr;

TEST(Rewriter, DeclinesToBypassANodeBetweenAnInputAndAnOutput) {
  Builder b;
  b.output(b.node("Identity", "y", {b.input("x", {4})}));
  optimizer::Rewriter rewriter(b.graph());
  EXPECT_FALSE(rewriter.can_bypass(0));
  const Status status = rewriter.bypass(0);
  EXPECT_EQ(status.code(), Status::ERROR_INTERNAL);
  EXPECT_THAT(status.message(), HasSubstr("Identity 'y'"));
  EXPECT_FALSE(rewriter.removed(0));
}

// Each node is taken away without asking whether it may be.
Status bypass_every_negation(Graph& graph) {
  optimizer::Rewriter rewriter(graph);
  for (const graph::NodeId id : rewriter.nodes()) {
    if (auto status = rewriter.bypass(id); !status.ok()) return status;
  }
  return rewriter.finish();
}

TEST(RunPass, APassThatBypassesWhatMustStayIsNamed) {
  Builder b;
  b.output(b.node("Neg", "y", {b.node("Neg", "n", {b.input("x", {4})})}));
  ASSERT_TRUE(ops::infer(b.graph(), cpu::evaluate).ok());
  const auto report =
      optimizer::run_pass({{"negations", ""}, bypass_every_negation}, b.graph(), cpu::evaluate);
  EXPECT_EQ(report.status().code(), Status::ERROR_INTERNAL);
  EXPECT_THAT(report.status().message(), HasSubstr("'negations'"));
  EXPECT_THAT(report.status().message(), HasSubstr("Neg 'y'"));
}

}  // namespace
}  // namespace mini_infer::test
