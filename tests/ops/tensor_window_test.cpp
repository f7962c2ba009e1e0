#include "ops/tensor_window.h"

#include <gtest/gtest.h>

#include "cpu/evaluator.h"
#include "ops/infer.h"
#include "support/graph_builder.h"

namespace mini_infer::test {
namespace {

using core::Shape;
using graph::ValueId;
using Attributes = GraphBuilder::Attributes;

// Of the last node.
std::vector<ops::TensorWindow> windows_of(GraphBuilder& b) {
  const core::Status inferred = ops::infer(b.graph(), cpu::evaluate);
  EXPECT_TRUE(inferred.ok()) << inferred.to_string();
  return ops::windows(
      ops::NodeView(b.graph(), static_cast<graph::NodeId>(b.graph().nodes().size()) - 1));
}

std::vector<ops::TensorWindow> of_concat(const Shape& a, const Shape& c, std::int64_t axis) {
  GraphBuilder b;
  b.output(b.op("Concat", {b.input("a", a), b.input("c", c)}, {{"axis", axis}}));
  return windows_of(b);
}

std::vector<ops::TensorWindow> of_slice(const Shape& x, const std::vector<std::int64_t>& starts,
                                        const std::vector<std::int64_t>& ends,
                                        const std::vector<std::int64_t>& steps) {
  GraphBuilder b;
  std::vector<std::int64_t> axes(starts.size());
  for (std::size_t i = 0; i < axes.size(); ++i) axes[i] = static_cast<std::int64_t>(i);
  b.output(b.op("Slice", {b.input("x", x), b.int64s(starts), b.int64s(ends), b.int64s(axes),
                          b.int64s(steps)}));
  return windows_of(b);
}

TEST(TensorWindow, InputsOfAConcatOfColumnsLieSideBySide) {
  const auto windows = of_concat({2, 3, 4}, {2, 3, 8}, 2);
  ASSERT_EQ(windows.size(), 2u);
  for (const auto& window : windows) EXPECT_TRUE(window.of_output);
  EXPECT_EQ(windows[0].column, 0);
  EXPECT_EQ(windows[1].input, 1);
  EXPECT_EQ(windows[1].row, 0);
  EXPECT_EQ(windows[1].column, 4);
}

TEST(TensorWindow, InputsOfAConcatOfRowsFollowEachOther) {
  const auto windows = of_concat({1, 3, 4}, {1, 5, 4}, 1);
  ASSERT_EQ(windows.size(), 2u);
  EXPECT_EQ(windows[1].row, 3);
  EXPECT_EQ(windows[1].column, 0);
}

TEST(TensorWindow, NoneWhereRowsAreNotNeighbours) {
  EXPECT_TRUE(of_concat({2, 3, 4}, {2, 5, 4}, 1).empty());
  EXPECT_TRUE(of_concat({2, 1, 3, 4}, {2, 1, 3, 4}, 1).empty());
}

TEST(TensorWindow, AnEmptyTensorIsNone) {
  const auto windows = of_concat({0, 4}, {3, 4}, 0);
  ASSERT_EQ(windows.size(), 1u);
  EXPECT_EQ(windows[0].input, 1);
  EXPECT_EQ(windows[0].row, 0);
}

TEST(TensorWindow, OutputsOfASplitLieInItsInput) {
  GraphBuilder b;
  for (const ValueId part :
       b.ops("Split", {b.input("x", {5, 12}), b.int64s({4, 0, 8})}, 3, {{"axis", std::int64_t{1}}}))
    b.output(part);
  const auto windows = windows_of(b);
  ASSERT_EQ(windows.size(), 2u);
  EXPECT_FALSE(windows[0].of_output);
  EXPECT_EQ(windows[1].output, 2);
  EXPECT_EQ(windows[1].column, 4);
}

TEST(TensorWindow, ASliceOfNeighboursIsOne) {
  const auto windows = of_slice({4, 6, 8}, {2, 0, 4}, {3, 6, 8}, {1, 1, 1});
  ASSERT_EQ(windows.size(), 1u);
  EXPECT_EQ(windows[0].row, 2 * 6);
  EXPECT_EQ(windows[0].column, 4);
}

TEST(TensorWindow, ASliceWithStepsIsNone) {
  EXPECT_TRUE(of_slice({4, 8}, {0, 0}, {4, 8}, {2, 1}).empty());
  EXPECT_TRUE(of_slice({4, 8}, {0, 7}, {4, -100}, {1, -1}).empty());
  EXPECT_EQ(of_slice({4, 8}, {0, 0}, {1, 8}, {2, 1}).size(), 1u);  // a single row has no step
}

}  // namespace
}  // namespace mini_infer::test
