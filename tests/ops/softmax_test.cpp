#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "ops/in_place.h"
#include "ops/spatial_case.h"

namespace mini_infer::test {
namespace {

using core::Shape;
using core::Status;
using core::Tensor;

const float kNan = std::numeric_limits<float>::quiet_NaN();
const float kInf = std::numeric_limits<float>::infinity();

OpCase softmax(const std::string& op, int opset, std::int64_t axis, Tensor x) {
  return {.op = op, .opset = opset, .attributes = {{"axis", axis}}, .inputs = {std::move(x)}};
}

// Along `axis` in double.
Tensor reference(const Tensor& x, int axis, bool logarithm) {
  std::vector<float> y;
  for_each_index(x.shape().dims(), [&](const Extents& at) {
    Extents other = at;
    double sum = 0;
    for (other[axis] = 0; other[axis] < x.shape()[axis]; ++other[axis]) {
      sum += std::exp(static_cast<double>(x.as<float>()[flat_index(x.shape().dims(), other)]));
    }
    const auto value = static_cast<double>(x.as<float>()[flat_index(x.shape().dims(), at)]);
    y.push_back(static_cast<float>(logarithm ? value - std::log(sum) : std::exp(value) / sum));
  });
  return floats(x.shape(), std::move(y));
}

TEST(Softmax, AlongEveryAxis) {
  Random random(1);
  for (const Shape& shape : {Shape{5}, Shape{3, 40}, Shape{40, 3}, Shape{2, 17, 19}}) {
    const Tensor x = random.tensor(shape);
    for (int axis = 0; axis < shape.rank(); ++axis) {
      SCOPED_TRACE(shape.to_string() + " axis " + std::to_string(axis));
      expect_output(softmax("Softmax", 13, axis, x), reference(x, axis, false));
      expect_output(softmax("LogSoftmax", 13, axis, x), reference(x, axis, true));
      expect_output(softmax("Softmax", 13, axis - shape.rank(), x), reference(x, axis, false));
      expect_same_in_place(softmax("Softmax", 13, axis, x));
      expect_same_in_place(softmax("LogSoftmax", 13, axis, x));
    }
  }
}

TEST(Softmax, BeforeOpset13AllAxesFromTheGivenOneAreARow) {
  const Tensor x = ramp({2, 2, 2}, 0.5f);
  for (int axis = 0; axis <= 3; ++axis) {
    SCOPED_TRACE(axis);
    const Shape matrix{x.shape().elements(0, axis), x.shape().elements(axis, 3)};
    const Tensor expected = reference(x.reshaped(matrix), 1, false).reshaped(x.shape());
    expect_output(softmax("Softmax", 11, axis, x), expected);
  }
  expect_output(softmax("Softmax", 11, -1, x), reference(x, 2, false));
}

TEST(Softmax, TheDefaultAxisDependsOnTheOpset) {
  const Tensor x = ramp({2, 2, 2});
  expect_output({.op = "Softmax", .opset = 11, .inputs = {x}},
                reference(x.reshaped({2, 4}), 1, false).reshaped(x.shape()));
  expect_output({.op = "Softmax", .opset = 13, .inputs = {x}}, reference(x, 2, false));
}

TEST(Softmax, LargeNumbersDoNotOverflow) {
  const Tensor x = floats({2, 2}, {1e4f, 1e4f, -1e4f, 1e4f});
  expect_output(softmax("Softmax", 13, 1, x), floats({2, 2}, {0.5f, 0.5f, 0, 1}));
  expect_output(softmax("LogSoftmax", 13, 1, x),
                floats({2, 2}, {-0.6931472f, -0.6931472f, -2e4f, 0}));
}

TEST(Softmax, MaskedElementsGetNothing) {
  const Tensor x = floats({1, 3}, {-kInf, 1, 1});
  expect_output(softmax("Softmax", 13, 1, x), floats({1, 3}, {0, 0.5f, 0.5f}));
  expect_output(softmax("Softmax", 13, 1, x.reshaped({1, 3, 1})),
                floats({1, 3, 1}, {0, 0.5f, 0.5f}));
  expect_output(softmax("LogSoftmax", 13, 1, x), floats({1, 3}, {-kInf, -0.6931472f, -0.6931472f}));
}

TEST(Softmax, NanSpoilsItsOwnRowOnly) {
  const Tensor x = floats({2, 2}, {kNan, 1, 2, 2});
  expect_output(softmax("Softmax", 13, 1, x), floats({2, 2}, {kNan, kNan, 0.5f, 0.5f}));
}

TEST(Softmax, ZeroExtentsAndScalarsAreLegal) {
  expect_output(softmax("Softmax", 13, 1, floats({2, 0}, {})), floats({2, 0}, {}));
  expect_output(softmax("Softmax", 13, 0, floats({0, 2}, {})), floats({0, 2}, {}));
  const std::int64_t huge = std::int64_t{1} << 60;
  expect_output(softmax("Softmax", 13, 1, floats({huge, 0}, {})), floats({huge, 0}, {}));
  expect_output({.op = "Softmax", .inputs = {floats({}, {3})}}, floats({}, {1}));
}

TEST(Softmax, BadNodesAreNamed) {
  expect_failure(softmax("Softmax", 13, 2, ramp({2, 2})), Status::ERROR_INVALID_MODEL,
                 "axis 2 is outside a tensor of rank 2");
  expect_failure(softmax("Softmax", 11, 3, ramp({2, 2})), Status::ERROR_INVALID_MODEL,
                 "axis 3 is outside a tensor of rank 2");
  expect_failure(softmax("Softmax", 13, 0, int32s({1}, {1})), Status::ERROR_UNSUPPORTED,
                 "type int32");
}

}  // namespace
}  // namespace mini_infer::test
