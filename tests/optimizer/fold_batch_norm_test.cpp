#include <gtest/gtest.h>

#include "optimizer/builder.h"
#include "optimizer/optimized.h"

namespace mini_infer::test {
namespace {

using graph::ValueId;

graph::Graph run(Builder& b) { return optimized(b.graph(), {{"fold-batch-norm"}}); }

TEST(FoldBatchNorm, GoesIntoTheConvolutionBeforeIt) {
  Builder b;
  auto c = b.conv("c", b.input("x", {1, 3, 5, 5}), {4, 3, 3, 3});
  b.output(b.batch_norm("y", c, 4));
  EXPECT_EQ(nodes_text(run(b)),
            "%y float32[1,4,5,5] = Conv(%x, %c_w_scaled, %c_bias) pads=[1,1,1,1]\n");
}

TEST(FoldBatchNorm, KeepsTheBiasOfTheConvolution) {
  Builder b;
  auto c = b.conv_with_bias("c", b.input("x", {1, 4, 5, 5}), {6, 4, 3, 3});
  b.output(b.batch_norm("y", c, 6));
  EXPECT_EQ(op_list(run(b)), "Conv");
}

TEST(FoldBatchNorm, ScalesGroupedWeightsByOutputChannel) {
  Builder b;
  auto x = b.input("x", {1, 4, 5, 5});
  auto c = b.conv("c", x, {8, 1, 3, 3}, {{"group", std::int64_t{4}}});
  b.output(b.batch_norm("y", c, 8));
  EXPECT_EQ(op_list(run(b)), "Conv");
}

TEST(FoldBatchNorm, WorksAlongOneAndThreeSpatialAxes) {
  Builder b;
  b.output(b.batch_norm("y", b.conv("c", b.input("x", {2, 3, 7}), {4, 3, 3}), 4));
  b.output(b.batch_norm("z", b.conv("d", b.input("v", {1, 2, 3, 3, 3}), {3, 2, 3, 3, 3}), 3));
  EXPECT_EQ(op_list(run(b)), "Conv Conv");
}

TEST(FoldBatchNorm, LeavesSharedWeightsAsTheyAre) {
  Builder b;
  auto x = b.input("x", {1, 3, 5, 5});
  auto w = b.weights("w", {4, 3, 1, 1});
  b.output(b.batch_norm("y", b.node("Conv", "c", {x, w}), 4));
  b.output(b.node("Conv", "z", {x, w}));
  EXPECT_EQ(nodes_text(run(b)),
            "%y float32[1,4,5,5] = Conv(%x, %w_scaled, %c_bias)\n"
            "%z float32[1,4,5,5] = Conv(%x, %w)\n");
}

TEST(FoldBatchNorm, FoldsScaleAndShiftPerChannelAsOldExportersWriteThem) {
  Builder b;
  auto c = b.conv("c", b.input("x", {1, 3, 5, 5}), {4, 3, 3, 3});
  auto scaled = b.mul("m", b.weights("scale", {1, 4, 1, 1}), c);
  auto shifted = b.add("a", scaled, b.weights("shift", {4, 1, 1}));
  b.output(b.batch_norm("y", shifted, 4));
  EXPECT_EQ(op_list(run(b)), "Conv");
}

TEST(FoldBatchNorm, FoldsDifferencesAndQuotients) {
  Builder b;
  auto c = b.conv("c", b.input("x", {1, 3, 5, 5}), {4, 3, 3, 3});
  auto moved = b.node("Sub", "s", {c, b.weights("mean", {4, 1, 1})});
  auto turned = b.node("Sub", "t", {b.weights("from", {4, 1, 1}), moved});
  b.output(b.node("Div", "y", {turned, b.constant("by", floats({4, 1, 1}, {2, -3, 4, 0.5f}))}));
  EXPECT_EQ(op_list(run(b)), "Conv");
}

TEST(FoldBatchNorm, AQuotientByZeroAndAnInverseStay) {
  Builder b;
  auto x = b.input("x", {1, 3, 5, 5});
  b.output(b.node("Div", "y",
                  {b.conv("c", x, {2, 3, 3, 3}), b.constant("by", floats({2, 1, 1}, {1, 0}))}));
  b.output(b.node("Div", "z", {b.weights("one", {2, 1, 1}), b.conv("d", x, {2, 3, 1, 1})}));
  EXPECT_EQ(op_list(run(b)), "Conv Div Conv Div");
}

TEST(FoldBatchNorm, GoesIntoTheGemmBeforeIt) {
  for (const bool transposed : {false, true}) {
    Builder b;
    auto w = transposed ? b.weights("w", {5, 6}) : b.weights("w", {6, 5});
    auto g = b.node("Gemm", "g", {b.input("x", {2, 6}), w, b.weights("c", {1, 5})},
                    {{"transB", std::int64_t{transposed}}, {"alpha", 0.5f}, {"beta", 2.0f}});
    b.output(b.batch_norm("y", g, 5));
    EXPECT_EQ(op_list(run(b)), "Gemm");
  }
}

TEST(FoldBatchNorm, TakesAScaleAndShiftThatFollowIt) {
  Builder b;
  auto x = b.relu("r", b.input("x", {1, 4, 5, 5}));
  auto scaled = b.mul("m", b.batch_norm("n", x, 4), b.weights("scale", {4, 1, 1}));
  b.output(b.add("y", scaled, b.weights("shift", {4, 1, 1})));
  EXPECT_EQ(op_list(run(b)), "Relu BatchNormalization");
}

TEST(FoldBatchNorm, AnotherReaderOfTheConvolutionKeepsThemApart) {
  Builder b;
  auto c = b.conv("c", b.input("x", {1, 3, 5, 5}), {4, 3, 3, 3});
  b.output(b.batch_norm("y", c, 4));
  b.output(b.relu("z", c));
  EXPECT_EQ(op_list(run(b)), "Conv BatchNormalization Relu");
}

TEST(FoldBatchNorm, AConvolutionThatIsAGraphOutputStays) {
  Builder b;
  auto c = b.conv("c", b.input("x", {1, 3, 5, 5}), {4, 3, 3, 3});
  b.output(c);
  b.output(b.batch_norm("y", c, 4));
  EXPECT_EQ(op_list(run(b)), "Conv BatchNormalization");
}

TEST(FoldBatchNorm, StatisticsAndWeightsMustBeConstant) {
  Builder b;
  auto c = b.conv("c", b.input("x", {1, 3, 5, 5}), {4, 3, 1, 1});
  auto p = b.weights("p", {4});
  b.output(b.node("BatchNormalization", "y",
                  {c, b.input("scale", {4}), p, p, b.constant("v", floats({4}, {1, 2, 3, 4}))}));
  auto d = b.node("Conv", "d", {b.input("v", {1, 3, 5, 5}), b.input("w", {4, 3, 1, 1})});
  b.output(b.batch_norm("z", d, 4));
  EXPECT_EQ(op_list(run(b)), "Conv BatchNormalization Conv BatchNormalization");
}

TEST(FoldBatchNorm, AScaleAlongAnotherAxisStays) {
  Builder b;
  auto c = b.conv("c", b.input("x", {1, 3, 4, 4}), {4, 3, 3, 3});
  b.output(b.mul("y", c, b.weights("columns", {4})));
  EXPECT_EQ(op_list(run(b)), "Conv Mul");
}

TEST(FoldBatchNorm, AShiftThatWidensTheTensorStays) {
  Builder b;
  auto c = b.conv("c", b.input("x", {1, 3, 4, 4}), {1, 3, 3, 3});
  b.output(b.add("y", c, b.weights("wide", {1, 5, 1, 1})));
  EXPECT_EQ(op_list(run(b)), "Conv Add");
}

TEST(FoldBatchNorm, ASquareIsNoScale) {
  Builder b;
  auto c = b.conv("c", b.input("x", {1, 3, 4, 4}), {4, 3, 3, 3});
  b.output(b.mul("y", c, c));
  EXPECT_EQ(op_list(run(b)), "Conv Mul");
}

}  // namespace
}  // namespace mini_infer::test
