#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cpu/evaluator.h"
#include "ops/alias_case.h"
#include "ops/infer.h"
#include "ops/op_case.h"

namespace mini_infer::test {
namespace {

using core::Shape;
using core::Status;
using Ints = std::vector<std::int64_t>;

OpCase reshape(Shape from, Ints shape, std::int64_t allowzero = 0) {
  const auto rank = static_cast<std::int64_t>(shape.size());
  return {.op = "Reshape",
          .attributes = {{"allowzero", allowzero}},
          .inputs = {ramp(std::move(from)), int64s({rank}, std::move(shape))}};
}

void expect_reshaped(const OpCase& test_case, const Shape& shape) {
  expect_output(test_case, test_case.inputs[0].reshaped(shape));
}

TEST(Reshape, TakesTheStatedShape) {
  expect_reshaped(reshape({2, 6}, {3, 4}), {3, 4});
  expect_reshaped(reshape({1, 1}, {}), {});
  expect_reshaped(reshape({}, {1, 1}), {1, 1});
}

TEST(Reshape, FillsInWhatIsLeft) { expect_reshaped(reshape({2, 3, 4}, {4, -1}), {4, 6}); }

TEST(Reshape, CopiesAnExtentForZero) {
  expect_reshaped(reshape({2, 3, 4}, {0, -1}), {2, 12});
  expect_reshaped(reshape({0, 3}, {0, 3, 1}), {0, 3, 1});
}

TEST(Reshape, MeansZeroWhenZeroIsAllowed) {
  expect_reshaped(reshape({0, 3}, {3, 0}, 1), {3, 0});
  expect_failure(reshape({2, 3}, {0, 3}, 1), Status::ERROR_INVALID_MODEL, "[2,3]");
}

TEST(Reshape, RefusesShapesThatDoNotFit) {
  expect_failure(reshape({2, 3}, {4, 2}), Status::ERROR_INVALID_MODEL, "[4,2]");
  expect_failure(reshape({2, 3}, {4, -1}), Status::ERROR_INVALID_MODEL, "[4,-1]");
  expect_failure(reshape({2, 3}, {-1, -1}), Status::ERROR_INVALID_MODEL, "[-1,-1]");
  expect_failure(reshape({2, 3}, {-2, 3}), Status::ERROR_INVALID_MODEL, "[-2,3]");
  expect_failure(reshape({2, 3}, {2, 3, 0}), Status::ERROR_INVALID_MODEL, "axis 2");
  expect_failure(reshape({0, 3}, {0, -1}), Status::ERROR_INVALID_MODEL, "[0,-1]");
  expect_failure(reshape({2, 3}, {INT64_MAX, INT64_MAX}), Status::ERROR_INVALID_MODEL, "[2,3]");
}

TEST(Reshape, NeedsToKnowTheShape) {
  graph::Graph graph = graph_of(reshape({2, 3}, {6}));
  graph.value(graph.node(0).inputs[1]).constant.reset();
  const Status status = ops::infer(graph, cpu::evaluate);
  EXPECT_EQ(status.code(), Status::ERROR_UNSUPPORTED);
  EXPECT_THAT(status.message(), ::testing::HasSubstr("'input_1' must be known before planning"));
}

OpCase flatten(Shape shape, std::int64_t axis) {
  return {.op = "Flatten", .attributes = {{"axis", axis}}, .inputs = {ramp(std::move(shape))}};
}

TEST(Flatten, MakesAMatrix) {
  expect_reshaped(flatten({2, 3, 4}, 1), {2, 12});
  expect_reshaped(flatten({2, 3, 4}, 0), {1, 24});
  expect_reshaped(flatten({2, 3, 4}, 3), {24, 1});
  expect_reshaped(flatten({2, 3, 4}, -1), {6, 4});
  expect_reshaped(flatten({}, 0), {1, 1});
  expect_reshaped(flatten({0, 3}, 1), {0, 3});
  expect_reshaped({.op = "Flatten", .inputs = {ramp({2, 3, 4})}}, {2, 12});
  expect_failure(flatten({2, 3}, 3), Status::ERROR_INVALID_MODEL, "axis 3");
  expect_failure(flatten({2, 3}, INT64_MIN), Status::ERROR_INVALID_MODEL, "axis");
}

TEST(Squeeze, DropsTheNamedAxes) {
  expect_reshaped({.op = "Squeeze", .inputs = {ramp({1, 3, 1}), int64s({1}, {-1})}}, {1, 3});
  expect_reshaped({.op = "Squeeze",
                   .opset = 11,
                   .attributes = {{"axes", Ints{0, 2}}},
                   .inputs = {ramp({1, 3, 1})}},
                  {3});
}

TEST(Squeeze, DropsAllUnitAxesWhenNoneIsNamed) {
  expect_reshaped({.op = "Squeeze", .inputs = {ramp({1, 3, 1, 2})}}, {3, 2});
  expect_reshaped({.op = "Squeeze", .inputs = {ramp({1, 3}), int64s({0}, {})}}, {1, 3});
}

TEST(Squeeze, RefusesOtherAxes) {
  expect_failure({.op = "Squeeze", .inputs = {ramp({2, 3}), int64s({1}, {0})}},
                 Status::ERROR_INVALID_MODEL, "axis 0 of [2,3]");
  expect_failure({.op = "Squeeze", .inputs = {ramp({1, 3}), int64s({2}, {0, -2})}},
                 Status::ERROR_INVALID_MODEL, "twice");
}

TEST(Unsqueeze, InsertsAxes) {
  expect_reshaped({.op = "Unsqueeze", .inputs = {ramp({3, 4}), int64s({2}, {3, 0})}}, {1, 3, 4, 1});
  expect_reshaped({.op = "Unsqueeze", .inputs = {ramp({}), int64s({1}, {-1})}}, {1});
  expect_reshaped({.op = "Unsqueeze",
                   .opset = 11,
                   .attributes = {{"axes", Ints{-2}}},
                   .inputs = {ramp({3, 4})}},
                  {3, 1, 4});
}

TEST(Unsqueeze, RefusesBadAxes) {
  expect_failure({.op = "Unsqueeze", .inputs = {ramp({3})}}, Status::ERROR_INVALID_MODEL,
                 "axes are missing");
  expect_failure({.op = "Unsqueeze", .inputs = {ramp({3}), int64s({1}, {2})}},
                 Status::ERROR_INVALID_MODEL, "axis 2");
  expect_failure({.op = "Unsqueeze", .inputs = {ramp({3}), floats({1}, {0})}},
                 Status::ERROR_INVALID_MODEL, "expected int64 or int32");
}

TEST(Views, TheOutputIsTheInput) {
  EXPECT_TRUE(is_view(reshape({2, 3}, {6})));
  EXPECT_TRUE(is_view(flatten({2, 3}, 1)));
  EXPECT_TRUE(is_view({.op = "Identity", .inputs = {ramp({2})}}));
  const OpCase squeeze = {.op = "Squeeze", .inputs = {ramp({1, 4}, 1.0f, 7.0f)}};
  EXPECT_TRUE(is_view(squeeze));
  EXPECT_EQ(run_in_place(squeeze).as<float>()[3], 10.0f);
}

TEST(Views, ServeTypesBelowAByte) {
  const std::byte nibbles[] = {std::byte{0x21}, std::byte{0x03}};
  const auto packed = core::Tensor::copy_of(core::DataType::kInt4, Shape{3}, nibbles);
  expect_reshaped({.op = "Identity", .inputs = {packed}}, {3});
}

}  // namespace
}  // namespace mini_infer::test
