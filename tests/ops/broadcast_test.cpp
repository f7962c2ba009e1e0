#include <gtest/gtest.h>

#include "ops/in_place.h"
#include "ops/shapes.h"

// Every pattern of broadcasting, checked against one element at a time.
namespace mini_infer::test {
namespace {

using core::Shape;
using core::Status;
using core::Tensor;

// The element of `tensor` that broadcasting puts at place `at` of a tensor of shape `to`.
float element(const Tensor& tensor, const Shape& to, std::int64_t at) {
  const auto strides = ops::broadcast_strides(tensor.shape(), to);
  std::int64_t offset = 0;
  for (int axis = to.rank() - 1; axis >= 0; --axis) {
    offset += at % to[axis] * strides[static_cast<std::size_t>(axis)];
    at /= to[axis];
  }
  return tensor.as<float>()[static_cast<std::size_t>(offset)];
}

// a - b: it tells its operands apart.
void expect_difference(const Shape& left, const Shape& right) {
  SCOPED_TRACE(left.to_string() + " - " + right.to_string());
  const Tensor a = ramp(left, 1.0f, 1000.0f);
  const Tensor b = ramp(right, 0.5f);
  const Shape to = ops::broadcast(left, right).value();
  std::vector<float> expected;
  for (std::int64_t at = 0; at < to.elements(); ++at) {
    expected.push_back(element(a, to, at) - element(b, to, at));
  }
  const OpCase test_case{.op = "Sub", .inputs = {a, b}};
  expect_output(test_case, floats(to, expected));
  if (left == to) expect_same_in_place(test_case, 0);
  if (right == to) expect_same_in_place(test_case, 1);
}

TEST(Broadcast, AllPairsOfSmallShapes) {
  std::vector<Shape> shapes = {{}, {1}, {5}};
  for (std::int64_t first : {1, 3}) {
    for (std::int64_t second : {1, 4}) {
      for (std::int64_t third : {1, 5}) {
        shapes.push_back({second, third});
        shapes.push_back({first, second, third});
        shapes.push_back({2, first, second, third});
      }
    }
  }
  for (const Shape& left : shapes) {
    for (const Shape& right : shapes) expect_difference(left, right);
  }
}

TEST(Broadcast, LongRowsWithATail) {
  expect_difference({1031}, {1031});
  expect_difference({3, 1031}, {1031});
  expect_difference({3, 1031}, {3, 1});
  expect_difference({}, {7, 33});
}

TEST(Broadcast, ChannelsInBothLayouts) {
  expect_difference({2, 3, 4, 5}, {3, 1, 1});
  expect_difference({2, 4, 5, 3}, {3});
}

TEST(Broadcast, EmptyTensors) {
  expect_difference({2, 0, 3}, {2, 0, 3});
  expect_difference({2, 0, 3}, {1});
  expect_difference({0}, {});
  expect_difference({1, 3}, {0, 1});
}

TEST(Broadcast, NineAxesThatAlternate) {
  expect_difference({2, 1, 2, 1, 2, 1, 2, 1, 2}, {1, 2, 1, 2, 1, 2, 1, 2, 1});
}

TEST(Broadcast, MoreAxesThanThatAreRefusedUnlessTheyMerge) {
  expect_failure(
      {.op = "Add",
       .inputs = {ramp({2, 1, 2, 1, 2, 1, 2, 1, 2, 1}), ramp({1, 2, 1, 2, 1, 2, 1, 2, 1, 2})}},
      Status::ERROR_UNSUPPORTED, "10 axes that cannot be merged");
  expect_difference({1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2}, {1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2});
}

TEST(Broadcast, ShapesThatDoNotFitAreRefused) {
  expect_failure({.op = "Add", .inputs = {ramp({2, 3}), ramp({4})}}, Status::ERROR_INVALID_MODEL,
                 "shapes [2,3] and [4] do not broadcast");
}

}  // namespace
}  // namespace mini_infer::test
