#include <gtest/gtest.h>

#include "optimizer/builder.h"
#include "optimizer/optimized.h"

namespace mini_infer::test {
namespace {

using core::DataType;
using graph::ValueId;

graph::Graph run(Builder& b) { return optimized(b.graph(), {{"absorb-transposes"}}); }

TEST(AbsorbTransposes, OfAMatrixThatIsMultiplied) {
  Builder b;
  auto x = b.transpose("x_t", b.input("x", {4, 3}), {1, 0});
  auto w = b.transpose("w_t", b.input("w", {5, 4}), {1, 0});
  b.output(b.node("MatMul", "y", {x, w}));
  EXPECT_EQ(nodes_text(run(b)), "%y float32[3,5] = Gemm(%x, %w) transA=1 transB=1\n");
}

TEST(AbsorbTransposes, AGemmThatTransposesReadsItAsItIs) {
  Builder b;
  auto w = b.transpose("w_t", b.input("w", {4, 5}), {1, 0});
  b.output(b.node("Gemm", "y", {b.input("x", {3, 4}), w, b.weights("c", {5})},
                  {{"transB", std::int64_t{1}}, {"alpha", 0.5f}}));
  EXPECT_EQ(nodes_text(run(b)), "%y float32[3,5] = Gemm(%x, %w, %c) alpha=0.5 transB=0\n");
}

TEST(AbsorbTransposes, StacksOfMatricesStay) {
  Builder b;
  auto k = b.transpose("k_t", b.input("k", {2, 5, 4}), {0, 2, 1});
  b.output(b.node("MatMul", "y", {b.input("q", {2, 3, 4}), k}));
  EXPECT_EQ(op_list(run(b)), "Transpose MatMul");
}

TEST(AbsorbTransposes, OfIntegersStay) {
  Builder b;
  auto x = b.transpose("x_t", b.input("x", {4, 3}, DataType::kInt64), {1, 0});
  b.output(b.node("MatMul", "y", {x, b.input("w", {4, 2}, DataType::kInt64)}));
  EXPECT_EQ(op_list(run(b)), "Transpose MatMul");
}

struct Pair : Builder {
  ValueId x = transpose("x_t", input("x", {2, 3, 4}), {2, 0, 1});  // [4,2,3]
  void back(ValueId value) { output(transpose("y", value, {1, 2, 0})); }
  std::string ops() { return op_list(run(*this)); }
};

TEST(AbsorbTransposes, APairAroundElementwiseNodes) {
  Pair b;
  auto other = b.transpose("z_t", b.input("z", {2, 1, 4}), {2, 0, 1});
  b.back(b.relu("r", b.add("sum", b.node("Neg", "n", {b.x}), other)));
  EXPECT_EQ(b.ops(), "Neg Add Relu");
}

TEST(AbsorbTransposes, ConstantsAreTransposedInstead) {
  Pair b;
  auto scaled = b.mul("scaled", b.x, b.scalar("two", 2));
  b.back(b.add("sum", scaled, b.weights("w", {2, 3})));
  EXPECT_EQ(b.ops(), "Mul Add");
}

TEST(AbsorbTransposes, AValueReadTwiceByOneNode) {
  Pair b;
  auto n = b.node("Neg", "n", {b.x});
  b.back(b.mul("square", n, n));
  EXPECT_EQ(b.ops(), "Neg Mul");
}

TEST(AbsorbTransposes, AnotherReaderOfTheFirstKeepsOnlyIt) {
  Pair b;
  b.back(b.relu("r", b.x));
  b.output(b.x);
  EXPECT_EQ(b.ops(), "Transpose Relu");
}

TEST(AbsorbTransposes, WhatOthersReadInBetweenStays) {
  for (const bool is_output : {false, true}) {
    Pair b;
    auto r = b.relu("r", b.x);
    b.back(b.node("Neg", "n", {r}));
    b.output(is_output ? r : b.node("Abs", "other", {r}));
    EXPECT_EQ(transposed_bytes(run(b)), 2 * 96);
  }
}

TEST(AbsorbTransposes, APairThatDoesNotCancelStays) {
  Pair b;
  b.output(b.transpose("y", b.relu("r", b.x), {0, 2, 1}));
  EXPECT_EQ(b.ops(), "Transpose Relu Transpose");
}

TEST(AbsorbTransposes, AnInputInTheOtherOrderStays) {
  Pair b;
  b.back(b.add("sum", b.x, b.input("z", {4, 2, 3})));
  EXPECT_EQ(b.ops(), "Transpose Add Transpose");
}

TEST(AbsorbTransposes, NodesThatLookAlongAnAxisStay) {
  Pair triangle;
  triangle.back(triangle.node("Trilu", "lower", {triangle.x}, {{"upper", std::int64_t{0}}}));
  EXPECT_EQ(triangle.ops(), "Transpose Trilu Transpose");
  Pair b;
  b.back(b.node("Softmax", "s", {b.x}, {{"axis", std::int64_t{-1}}}));
  EXPECT_EQ(b.ops(), "Transpose Softmax Transpose");
}

}  // namespace
}  // namespace mini_infer::test
