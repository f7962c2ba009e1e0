#include <gtest/gtest.h>

#include <array>
#include <cmath>

#include "cpu/evaluator.h"
#include "ops/float16.h"
#include "optimizer/builder.h"
#include "optimizer/optimized.h"
#include "optimizer/optimizer.h"

namespace mini_infer::test {
namespace {

using core::Precision;
using graph::Graph;

// Only stored otherwise, nothing fused.
Graph stored(Builder& b, Precision precision) {
  Graph graph = b.graph();
  const std::vector<std::string> none;
  const auto reports = optimizer::optimize(
      graph, {.passes = none, .precision = precision, .check_passes = true, .after_pass = {}},
      cpu::evaluate);
  EXPECT_TRUE(reports.ok()) << reports.status().to_string();
  return graph;
}

Builder two_layers() {
  Builder b;
  auto x = b.input("x", {2, 4});
  auto product = b.node("MatMul", "product", {x, b.weights("w", {4, 3})});
  b.output(b.relu("y", product));
  return b;
}

TEST(Precision, TensorsBetweenInputsAndOutputsBecomeFloat16) {
  Builder b = two_layers();
  EXPECT_EQ(nodes_text(stored(b, Precision::kFloat16)),
            "%x_float16 float16[2,4] = Cast(%x) to=10\n"
            "%product_float16 float16[2,3] = MatMul(%x_float16, %w_float16)\n"
            "%y_float16 float16[2,3] = Relu(%product_float16)\n"
            "%y float32[2,3] = Cast(%y_float16) to=1\n");
}

TEST(Precision, OrBFloat16) {
  Builder b = two_layers();
  EXPECT_EQ(op_list(stored(b, Precision::kBFloat16)), "Cast MatMul Relu Cast");
  EXPECT_NE(nodes_text(stored(b, Precision::kBFloat16)).find("bfloat16[2,3]"), std::string::npos);
}

TEST(Precision, Float32AndTf32StoreAsTheModelSays) {
  for (const Precision precision : {Precision::kFloat32, Precision::kTF32}) {
    Builder b = two_layers();
    EXPECT_EQ(op_list(stored(b, precision)), "MatMul Relu");
  }
}

TEST(Precision, WhatMayOverflowKeepsFloat32BetweenCasts) {
  Builder b;
  auto x = b.input("x", {2, 4});
  auto power = b.node("Exp", "power", {b.relu("first", x)});
  b.output(b.relu("y", power));
  EXPECT_EQ(op_list(stored(b, Precision::kFloat16)), "Cast Relu Cast Exp Cast Relu Cast");
}

TEST(Precision, AValueThatIsReadAndReturnedIsThereInBoth) {
  Builder b;
  auto x = b.input("x", {2, 4});
  auto first = b.relu("first", x);
  b.output(first);
  b.output(b.relu("second", first));
  const Graph graph = stored(b, Precision::kFloat16);
  EXPECT_EQ(graph.value(graph.outputs[0]).type, core::DataType::kFloat32);
  EXPECT_EQ(graph.value(graph.outputs[1]).type, core::DataType::kFloat32);
  EXPECT_EQ(op_list(graph), "Cast Relu Relu Cast Cast");
}

TEST(Precision, AnInputThatIsAnOutputStays) {
  Builder b;
  auto x = b.input("x", {2, 4});
  b.output(b.relu("y", x));
  b.output(x);
  const Graph graph = stored(b, Precision::kFloat16);
  EXPECT_EQ(graph.outputs[1], graph.inputs[0]);
}

TEST(Precision, CastsToFloatGiveTheNewTypeAtOnce) {
  Builder b;
  auto ids = b.input("ids", {2, 4}, core::DataType::kInt64);
  auto mask = b.node("Cast", "mask", {ids}, {{"to", std::int64_t{1}}});
  b.output(b.relu("y", mask));
  EXPECT_EQ(nodes_text(stored(b, Precision::kFloat16)),
            "%mask_float16 float16[2,4] = Cast(%ids) to=10\n"
            "%y_float16 float16[2,4] = Relu(%mask_float16)\n"
            "%y float32[2,4] = Cast(%y_float16) to=1\n");
}

TEST(Precision, IndicesAndShapesStay) {
  Builder b;
  auto table = b.weights("table", {8, 4});
  auto ids = b.input("ids", {3}, core::DataType::kInt64);
  b.output(b.reshape("y", b.node("Gather", "rows", {table, ids}), {4, 3}));
  const Graph graph = stored(b, Precision::kFloat16);
  EXPECT_EQ(op_list(graph), "Gather Reshape Cast");
  EXPECT_EQ(graph.value(graph.nodes()[0].inputs[1]).type, core::DataType::kInt64);
}

TEST(Precision, WhatIsReadWhileBuildingStays) {
  Builder b;
  auto x = b.input("x", {2, 4});
  auto training =
      b.constant("training", core::Tensor::from<bool>(core::DataType::kBool, {}, std::array{true}));
  b.output(b.node("Dropout", "y", {x, b.scalar("ratio", 0.5f), training}));
  const Graph graph = stored(b, Precision::kFloat16);
  EXPECT_EQ(op_list(graph), "Cast Dropout Cast");
  EXPECT_EQ(graph.value(graph.nodes()[1].inputs[1]).type, core::DataType::kFloat32);
}

TEST(Precision, StatisticsOfANormalizationStayFloat32) {
  Builder b;
  auto x = b.input("x", {2, 8});
  auto parts = b.node_of_many("LayerNormalization", "n", {x, b.weights("s", {8})}, 2);
  b.output(parts[0]);
  b.output(parts[1]);
  EXPECT_EQ(op_list(stored(b, Precision::kFloat16)), "Cast LayerNormalization Cast");
}

// A mask of the largest float32 times 0 must stay 0.
TEST(Precision, ConstantsBeyondTheRangeBecomeItsLargest) {
  Builder b;
  auto x = b.input("x", {4});
  auto lowest = b.constant("lowest", floats({4}, {-3.4e38f, 1e6f, -INFINITY, 0.5f}));
  b.output(b.mul("y", x, lowest));
  const Graph graph = stored(b, Precision::kFloat16);
  const auto numbers = graph.value(graph.nodes()[1].inputs[1]).constant->as<ops::Float16>();
  EXPECT_EQ(ops::to_float(numbers[0]), -65504.0f);
  EXPECT_EQ(ops::to_float(numbers[1]), 65504.0f);
  EXPECT_EQ(ops::to_float(numbers[2]), -INFINITY);
  EXPECT_EQ(ops::to_float(numbers[3]), 0.5f);
}

}  // namespace
}  // namespace mini_infer::test
