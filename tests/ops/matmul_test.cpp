#include <gtest/gtest.h>

#include "ops/in_place.h"
#include "ops/spatial_case.h"

namespace mini_infer::test {
namespace {

using core::DataType;
using core::Shape;
using core::Status;
using core::Tensor;

// numpy.matmul, index by index.
Tensor reference(const Tensor& a, const Tensor& b) {
  Extents left = a.shape().dims();
  Extents right = b.shape().dims();
  const bool left_is_vector = left.size() == 1;
  const bool right_is_vector = right.size() == 1;
  if (left_is_vector) left.insert(left.begin(), 1);
  if (right_is_vector) right.push_back(1);
  const std::size_t rank = std::max(left.size(), right.size());
  left.insert(left.begin(), rank - left.size(), 1);
  right.insert(right.begin(), rank - right.size(), 1);
  Extents stack(rank);
  for (std::size_t i = 0; i + 2 < rank; ++i) stack[i] = left[i] == 1 ? right[i] : left[i];
  stack[rank - 2] = left[rank - 2];
  stack[rank - 1] = right[rank - 1];

  std::vector<float> y;
  for_each_index(stack, [&](const Extents& at) {
    Extents from = at;
    Extents weight = at;
    for (std::size_t i = 0; i + 2 < rank; ++i) {
      if (left[i] == 1) from[i] = 0;
      if (right[i] == 1) weight[i] = 0;
    }
    double sum = 0;
    for (std::int64_t k = 0; k < left[rank - 1]; ++k) {
      from[rank - 1] = k;
      weight[rank - 2] = k;
      sum += static_cast<double>(a.as<float>()[flat_index(left, from)]) *
             static_cast<double>(b.as<float>()[flat_index(right, weight)]);
    }
    y.push_back(static_cast<float>(sum));
  });
  if (right_is_vector) stack.pop_back();
  if (left_is_vector) stack.erase(stack.end() - (right_is_vector ? 1 : 2));
  return floats(Shape(stack), std::move(y));
}

void expect_product(const Shape& a_shape, const Shape& b_shape) {
  SCOPED_TRACE(a_shape.to_string() + " x " + b_shape.to_string());
  Random random(5);
  const Tensor a = random.tensor(a_shape);
  const Tensor b = random.tensor(b_shape);
  expect_output({.op = "MatMul", .inputs = {a, b}}, reference(a, b));
}

TEST(MatMul, ShapesOfNumpy) {
  expect_product({3}, {3});
  expect_product({3}, {3, 2});
  expect_product({2, 3}, {3});
  expect_product({3}, {4, 3, 2});
  expect_product({4, 2, 3}, {3});
  expect_product({2, 3}, {3, 5});
  expect_product({4, 2, 3}, {3, 5});
  expect_product({2, 3}, {4, 3, 5});
  expect_product({4, 2, 3}, {4, 3, 5});
  expect_product({2, 1, 2, 3}, {4, 3, 5});
  expect_product({2, 1, 2, 3}, {1, 4, 3, 5});
  expect_product({1, 4, 2, 3}, {2, 4, 3, 5});
  expect_product({2, 1, 1, 2, 3}, {3, 1, 3, 5});
}

TEST(MatMul, ShapesOfTiles) {
  for (const std::int64_t rows : {1, 3, 4, 9}) {
    for (const std::int64_t columns : {1, 2, 5, 16, 31, 48}) {
      expect_product({rows, 7}, {7, columns});
      expect_product({2, rows, 13}, {2, 13, columns});
    }
  }
}

TEST(MatMul, ZeroExtentsAreLegal) {
  expect_product({0, 3}, {3, 2});
  expect_product({2, 3}, {3, 0});
  expect_product({2, 0}, {0, 2});
  expect_product({0}, {0});
  expect_product({0, 2, 3}, {3, 5});
  expect_product({0, 2, 3}, {1, 3, 5});
}

TEST(MatMul, EmptyResultsCostNothing) {
  const std::int64_t huge = std::int64_t{1} << 60;
  expect_product({0, 0}, {0, huge});
  expect_product({huge, 0}, {0, 0});
  expect_product({huge, 0, 1}, {1, 1});
  expect_output({.op = "MatMul", .inputs = {int32s({huge, 0}, {}), int32s({0, 0}, {})}},
                int32s({huge, 0}, {}));
}

TEST(MatMul, IntegersWrapAround) {
  expect_output({.op = "MatMul", .inputs = {int32s({2, 2}, {1, 2, 3, 4}), int32s({2}, {5, -6})}},
                int32s({2}, {-7, -9}));
  expect_output({.op = "MatMul", .inputs = {int64s({1, 1}, {INT64_MAX}), int64s({1, 2}, {2, 1})}},
                int64s({1, 2}, {-2, INT64_MAX}));
  const std::uint32_t a[] = {UINT32_MAX, 1};
  const std::uint32_t sum[] = {0};
  const std::uint32_t ones[] = {1, 1};
  expect_output({.op = "MatMul",
                 .inputs = {Tensor::from<std::uint32_t>(DataType::kUInt32, Shape{2}, a),
                            Tensor::from<std::uint32_t>(DataType::kUInt32, Shape{2}, ones)}},
                Tensor::from<std::uint32_t>(DataType::kUInt32, Shape{}, sum));
}

TEST(MatMul, FusedAddsBiasAndResidualThenActivates) {
  const OpCase test_case = {
      .op = "MatMul",
      .domain = "mini_infer",
      .attributes = {{"activation", std::string("Relu")}},
      .inputs = {floats({2, 1, 2}, {1, 2, 3, 4}), floats({2, 2}, {1, 0, 0, 1}),
                 floats({2}, {10, -10}), ramp({2, 1, 2})}};
  expect_output(test_case, floats({2, 1, 2}, {11, 0, 15, 0}));
  expect_same_in_place(test_case, 3);
}

TEST(MatMul, FusedOverAStack) {
  Random random(11);
  const OpCase test_case = {.op = "MatMul",
                            .domain = "mini_infer",
                            .inputs = {random.tensor({3, 1, 5, 6}), random.tensor({2, 6, 18}),
                                       Tensor(), random.tensor({3, 2, 5, 18})}};
  expect_same_in_place(test_case, 3);
  const Tensor product = reference(test_case.inputs[0], test_case.inputs[1]);
  std::vector<float> sums;
  for (std::size_t i = 0; i < product.as<float>().size(); ++i) {
    sums.push_back(product.as<float>()[i] + test_case.inputs[3].as<float>()[i]);
  }
  expect_output(test_case, floats(product.shape(), std::move(sums)));
}

TEST(MatMul, BadInputsAreNamed) {
  const auto refuse = [](std::vector<Tensor> inputs, const std::string& text) {
    expect_failure({.op = "MatMul", .inputs = std::move(inputs)}, Status::ERROR_INVALID_MODEL,
                   text);
  };
  refuse({ramp({2, 3}), ramp({2, 3})}, "[2,3] and [2,3] do not multiply");
  refuse({ramp({2, 1, 3}), ramp({3, 3, 1})}, "the stacks [2,1,3] and [3,3,1] do not broadcast");
  refuse({ramp({}), ramp({1})}, "expected no scalar, found [] and [1]");
  refuse({ramp({1})}, "expected 2 inputs, found 1");
  refuse({ramp({1}), int32s({1}, {1})}, "input 1: expected float32 as input 0 has, found int32");
  expect_failure({.op = "MatMul", .inputs = {bools({1}, {true}), bools({1}, {true})}},
                 Status::ERROR_UNSUPPORTED, "type bool");
  expect_failure(
      {.op = "MatMul", .domain = "mini_infer", .inputs = {ramp({2, 3}), ramp({3, 4}), ramp({3})}},
      Status::ERROR_INVALID_MODEL, "bias (input 2): expected [4], found [3]");
}

}  // namespace
}  // namespace mini_infer::test
