#include <gtest/gtest.h>

#include "cpu/evaluator.h"
#include "optimizer/builder.h"
#include "optimizer/optimized.h"
#include "optimizer/optimizer.h"

namespace mini_infer::test {
namespace {

using graph::ValueId;

graph::Graph run(Builder& b) { return optimized(b.graph(), {{"fuse-residual"}}); }

struct Sum {
  Builder b;
  ValueId x = b.input("x", {2, 3, 8});
  ValueId r = b.input("r", {2, 3, 8});
  ValueId sum = b.add("sum", x, r);

  ValueId layer_normalization(const std::string& name = "y") {
    return b.node("LayerNormalization", name,
                  {sum, b.weights(name + "_scale", {8}), b.weights(name + "_bias", {8})});
  }
};

TEST(FuseResidual, LayerNormalizationTakesTheAddition) {
  Sum t;
  t.b.output(t.layer_normalization());
  EXPECT_EQ(nodes_text(run(t.b)),
            "%y float32[2,3,8] = mini_infer.LayerNormalization(%x, %y_scale, %y_bias, %r)\n");
}

TEST(FuseResidual, RmsNormalizationTakesTheAddition) {
  Sum t;
  t.b.output(
      t.b.node("RMSNormalization", "y", {t.sum, t.b.weights("w", {8})}, {{"epsilon", 1e-6f}}, 23));
  EXPECT_EQ(nodes_text(run(t.b)),
            "%y float32[2,3,8] = mini_infer.RMSNormalization(%x, %w, -, %r) epsilon=1e-06\n");
}

TEST(FuseResidual, ASumThatOthersReadIsASecondOutput) {
  Sum t;
  t.b.output(t.layer_normalization());
  t.b.output(t.b.node("Abs", "z", {t.sum}));
  EXPECT_EQ(nodes_text(run(t.b)),
            "%y float32[2,3,8], %sum float32[2,3,8] = "
            "mini_infer.LayerNormalization(%x, %y_scale, %y_bias, %r)\n"
            "%z float32[2,3,8] = Abs(%sum)\n");
}

TEST(FuseResidual, ASumThatIsAGraphOutputIsASecondOutput) {
  Sum t;
  t.b.output(t.sum);
  t.b.output(t.layer_normalization());
  EXPECT_EQ(op_list(run(t.b)), "mini_infer.LayerNormalization");
}

TEST(FuseResidual, ReadersBeforeTheNormalizationWaitForIt) {
  Sum t;
  t.b.output(t.b.node("Abs", "z", {t.sum}));
  t.b.output(t.layer_normalization());
  EXPECT_EQ(op_list(run(t.b)), "mini_infer.LayerNormalization Abs");
}

TEST(FuseResidual, OfTwoNormalizationsTheFirstTakesIt) {
  Sum t;
  t.b.output(t.layer_normalization("y"));
  t.b.output(t.layer_normalization("z"));
  EXPECT_EQ(op_list(run(t.b)), "mini_infer.LayerNormalization LayerNormalization");
}

TEST(FuseResidual, ATensorAddedToItself) {
  Builder b;
  auto x = b.input("x", {2, 8});
  b.output(b.node("LayerNormalization", "y", {b.add("sum", x, x), b.weights("w", {8})}));
  EXPECT_EQ(op_list(run(b)), "mini_infer.LayerNormalization");
}

// Positions added to a batch of embeddings.
TEST(FuseResidual, AResidualMayBeRepeatedAlongTheFirstAxes) {
  for (const core::Shape& shape : {core::Shape{3, 8}, core::Shape{1, 3, 8}, core::Shape{8}}) {
    SCOPED_TRACE(shape.to_string());
    Builder b;
    auto sum = b.add("sum", b.weights("position", shape), b.input("x", {2, 3, 8}));
    b.output(b.node("LayerNormalization", "y", {sum, b.weights("w", {8})}));
    EXPECT_EQ(nodes_text(run(b)),
              "%y float32[2,3,8] = mini_infer.LayerNormalization(%x, %w, -, %position)\n");
  }
}

TEST(FuseResidual, AResidualRepeatedOtherwiseStays) {
  for (const core::Shape& shape :
       {core::Shape{2, 1, 8}, core::Shape{2, 8, 1}, core::Shape{1, 8, 1}, core::Shape{}}) {
    SCOPED_TRACE(shape.to_string());
    Builder b;
    auto sum = b.add("sum", b.input("x", {2, 8, 8}), b.input("r", shape));
    b.output(b.node("LayerNormalization", "y", {sum, b.weights("w", {8})}));
    EXPECT_EQ(op_list(run(b)), "Add LayerNormalization");
  }
}

TEST(FuseResidual, ARowThatIsRepeatedInsideARowStays) {
  Builder b;
  auto sum = b.add("sum", b.input("x", {2, 3, 8}), b.input("r", {8}));
  b.output(b.node("LayerNormalization", "y", {sum, b.weights("w", {3, 8})},
                  {{"axis", std::int64_t{1}}}));
  EXPECT_EQ(op_list(run(b)), "Add LayerNormalization");
}

TEST(FuseResidual, TwoTermsThatBothAreRepeatedStay) {
  Builder b;
  auto sum = b.add("sum", b.input("x", {2, 1, 8}), b.input("r", {3, 8}));
  b.output(b.node("LayerNormalization", "y", {sum, b.weights("w", {8})}));
  EXPECT_EQ(op_list(run(b)), "Add LayerNormalization");
}

TEST(FuseResidual, AScaleThatMayDependOnTheSumKeepsTheAddition) {
  Sum t;
  t.b.output(t.b.node("LayerNormalization", "y", {t.sum, t.b.node("Abs", "scale", {t.sum})}));
  EXPECT_EQ(op_list(run(t.b)), "Add Abs LayerNormalization");
}

// There is no kernel for it; the error must name the model's node, not ours.
TEST(FuseResidual, AScaleOfAnotherTypeKeepsTheAddition) {
  Sum t;
  auto scale = t.b.constant(
      "scale", core::Tensor::from<double>(core::DataType::kFloat64, {1}, std::vector<double>{1}));
  t.b.output(t.b.node("RMSNormalization", "y", {t.sum, scale}, {}, 23));
  graph::Graph graph = t.b.graph();
  // Without a kernel, the check of passes has nothing to compute.
  ASSERT_TRUE(
      optimizer::optimize(graph, {.passes = {{"fuse-residual"}}, .after_pass = {}}, cpu::evaluate)
          .ok());
  EXPECT_EQ(op_list(graph), "Add RMSNormalization");
}

TEST(FuseResidual, StatisticsThatAreReadKeepTheAddition) {
  Sum t;
  for (ValueId out : t.b.node_of_many("LayerNormalization", "y", {t.sum, t.b.weights("w", {8})}, 2))
    t.b.output(out);
  EXPECT_EQ(op_list(run(t.b)), "Add LayerNormalization");
}

TEST(FuseResidual, AnAdditionThatAMatMulCanTakeIsTakenThere) {
  Builder b;
  auto x = b.input("x", {2, 3, 8});
  auto product = b.node("MatMul", "m", {x, b.weights("w", {8, 8})});
  auto sum = b.add("sum", b.add("biased", product, b.weights("bias", {8})), x);
  b.output(b.node("LayerNormalization", "y", {sum, b.weights("scale", {8})}));
  EXPECT_EQ(op_list(optimized(b.graph())), "mini_infer.MatMul LayerNormalization");
}

TEST(FuseResidual, IsSwitchedOff) {
  Sum t;
  t.b.output(t.layer_normalization());
  EXPECT_EQ(op_list(optimized(t.b.graph(), {{"fuse-epilogue"}})), "Add LayerNormalization");
}

}  // namespace
}  // namespace mini_infer::test
