#include <gtest/gtest.h>

#include "ops/activation.h"
#include "ops/in_place.h"
#include "ops/shapes.h"
#include "ops/spatial_case.h"

namespace mini_infer::test {
namespace {

using core::Shape;
using core::Status;
using core::Tensor;
using Attributes = std::map<std::string, graph::Attribute, std::less<>>;

// --- Plain products in double ---

struct GemmCase {
  bool transpose_a = false, transpose_b = false;
  float alpha = 1, beta = 1;
  Tensor a, b, c, residual;  // the last two may be undefined
  std::string activation;
};

double element(const Tensor& matrix, bool transpose, std::int64_t row, std::int64_t column) {
  if (transpose) std::swap(row, column);
  return static_cast<double>(matrix.as<float>()[row * matrix.shape()[1] + column]);
}

Tensor reference(const GemmCase& gemm) {
  const std::int64_t rows = gemm.a.shape()[gemm.transpose_a ? 1 : 0];
  const std::int64_t depth = gemm.a.shape()[gemm.transpose_a ? 0 : 1];
  const std::int64_t columns = gemm.b.shape()[gemm.transpose_b ? 0 : 1];
  const Shape output{rows, columns};
  std::vector<float> y;
  for_each_index(output.dims(), [&](const Extents& at) {
    double sum = 0;
    for (std::int64_t k = 0; k < depth; ++k) {
      sum +=
          element(gemm.a, gemm.transpose_a, at[0], k) * element(gemm.b, gemm.transpose_b, k, at[1]);
    }
    sum *= static_cast<double>(gemm.alpha);
    if (gemm.c.defined()) {
      const auto strides = ops::broadcast_strides(gemm.c.shape(), output);
      const float c = gemm.c.as<float>()[at[0] * strides[0] + at[1] * strides[1]];
      sum += static_cast<double>(gemm.beta * c);
    }
    if (gemm.residual.defined()) {
      sum += static_cast<double>(gemm.residual.as<float>()[flat_index(output.dims(), at)]);
    }
    y.push_back(gemm.activation == "Relu" ? std::max(0.0f, static_cast<float>(sum))
                                          : static_cast<float>(sum));
  });
  return floats(output, std::move(y));
}

GemmCase random_gemm(Random& random) {
  GemmCase gemm;
  const std::int64_t rows = random.number(1, 10);
  const std::int64_t depth = random.number(0, 20);
  const std::int64_t columns = random.number(1, 40);
  gemm.transpose_a = random.coin();
  gemm.transpose_b = random.coin();
  gemm.a = random.tensor(gemm.transpose_a ? Shape{depth, rows} : Shape{rows, depth});
  gemm.b = random.tensor(gemm.transpose_b ? Shape{columns, depth} : Shape{depth, columns});
  if (random.coin()) gemm.alpha = 0.5f;
  if (random.coin()) gemm.beta = -2.0f;
  const Shape shapes[] = {{rows, columns}, {1, columns}, {rows, 1}, {columns}, {1}, {}};
  if (random.coin()) gemm.c = random.tensor(shapes[random.number(0, 5)]);
  return gemm;
}

OpCase case_of(const GemmCase& gemm, const std::string& domain) {
  return {.op = "Gemm",
          .domain = domain,
          .attributes = {{"transA", std::int64_t{gemm.transpose_a}},
                         {"transB", std::int64_t{gemm.transpose_b}},
                         {"alpha", gemm.alpha},
                         {"beta", gemm.beta},
                         {"activation", gemm.activation}},
          .inputs = {gemm.a, gemm.b, gemm.c}};
}

TEST(Gemm, RandomProducts) {
  for (unsigned seed = 0; seed < 400 && !::testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    const GemmCase gemm = random_gemm(random);
    expect_output(case_of(gemm, ""), reference(gemm));
  }
}

TEST(Gemm, RandomProductsFused) {
  for (unsigned seed = 1000; seed < 1400 && !::testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    GemmCase gemm = random_gemm(random);
    if (random.coin()) gemm.activation = "Relu";
    gemm.residual = random.tensor(reference(gemm).shape());
    OpCase test_case = case_of(gemm, "mini_infer");
    test_case.inputs.push_back(gemm.residual);
    expect_output(test_case, reference(gemm));
    expect_same_in_place(test_case, 3);
  }
}

// So deep that the product is summed part by part: the residual must outlive the parts.
TEST(Gemm, DeepProductsOverTheirResidual) {
  for (const bool transpose_b : {false, true}) {
    SCOPED_TRACE(transpose_b);
    Random random(7);
    GemmCase gemm;
    gemm.transpose_b = transpose_b;
    gemm.a = random.tensor(Shape{5, 700});
    gemm.b = random.tensor(transpose_b ? Shape{37, 700} : Shape{700, 37});
    gemm.residual = random.tensor(Shape{5, 37});
    OpCase test_case = case_of(gemm, "mini_infer");
    test_case.inputs.resize(3);
    test_case.inputs.push_back(gemm.residual);
    expect_output(test_case, reference(gemm));
    expect_same_in_place(test_case, 3);
  }
}

TEST(Gemm, ZeroExtentsAreLegal) {
  expect_output({.op = "Gemm", .inputs = {floats({0, 3}, {}), ramp({3, 2})}}, floats({0, 2}, {}));
  expect_output({.op = "Gemm", .inputs = {floats({2, 0}, {}), floats({0, 2}, {}), ramp({2})}},
                floats({2, 2}, {0, 1, 0, 1}));
}

TEST(Gemm, EmptyResultsCostNothing) {
  const std::int64_t huge = std::int64_t{1} << 60;
  expect_output({.op = "Gemm", .inputs = {floats({0, 0}, {}), floats({0, huge}, {})}},
                floats({0, huge}, {}));
}

TEST(Gemm, BeforeOpset11CIsNotOptional) {
  expect_failure({.op = "Gemm", .opset = 9, .inputs = {ramp({1, 1}), ramp({1, 1})}},
                 Status::ERROR_INVALID_MODEL, "expected 3 inputs, found 2");
}

TEST(Gemm, BadInputsAreNamed) {
  const auto refuse = [](std::vector<Tensor> inputs, const std::string& text,
                         const Attributes& attributes = {}) {
    expect_failure({.op = "Gemm", .attributes = attributes, .inputs = std::move(inputs)},
                   Status::ERROR_INVALID_MODEL, text);
  };
  refuse({ramp({1, 2}), ramp({2})}, "expected two matrices, found [1,2] and [2]");
  refuse({ramp({1, 2}), ramp({3, 1})}, "[1,2] and [3,1] do not multiply");
  refuse({ramp({1, 2}), ramp({2, 3})}, "[1,2] and [2,3] transposed do not multiply",
         {{"transB", std::int64_t{1}}});
  refuse({ramp({2, 2}), ramp({2, 2}), ramp({3})}, "[3] does not broadcast to [2,2]");
  refuse({ramp({2, 2}), ramp({2, 2}), ramp({1, 2, 2})}, "[1,2,2] does not broadcast to [2,2]");
  expect_failure({.op = "Gemm", .inputs = {int32s({1, 1}, {1}), int32s({1, 1}, {1})}},
                 Status::ERROR_UNSUPPORTED, "type int32");
  expect_failure({.op = "Gemm",
                  .domain = "mini_infer",
                  .inputs = {ramp({2, 2}), ramp({2, 2}), Tensor(), ramp({2})}},
                 Status::ERROR_INVALID_MODEL, "residual (input 3): expected [2,2], found [2]");
}

}  // namespace
}  // namespace mini_infer::test
