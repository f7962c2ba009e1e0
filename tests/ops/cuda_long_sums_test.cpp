#include <gtest/gtest.h>

#include <numeric>

#include "ops/cuda_case.h"
#include "ops/spatial_case.h"

// As long_sums_test.cpp, of our own kernels on the CUDA device: one case for each of them.
namespace mini_infer::test {
namespace {

using core::Shape;
using core::Tensor;

constexpr float kFactor = 0.1f;
constexpr double kTolerance = 2e-6;

Tensor equal(const Shape& shape) { return ramp(shape, 0, kFactor); }

std::optional<Tensor> output_of(const OpCase& test_case) {
  const auto outputs = run_on_cuda(test_case);
  if (!outputs.has_value()) return std::nullopt;
  EXPECT_TRUE(outputs->ok()) << outputs->status().to_string();
  return outputs->ok() ? std::optional((*outputs)->at(0)) : std::nullopt;
}

void expect_all(const OpCase& test_case, double value) {
  const auto output = output_of(test_case);
  if (!output.has_value()) return;
  for (const float y : output->as<float>()) {
    ASSERT_NEAR(static_cast<double>(y), value, kTolerance * value)
        << "the error is " << (static_cast<double>(y) - value) / value << " of the sum";
  }
}

// Sums of so many products of two equal factors.
void expect_sums(const OpCase& test_case, std::int64_t terms) {
  SCOPED_TRACE(test_case.op + " of " + std::to_string(terms) + " terms");
  const auto factor = static_cast<double>(kFactor);
  expect_all(test_case, static_cast<double>(terms) * factor * factor);
}

// Pairs of these shapes.
OpCase product(const Shape& a, const Shape& b) {
  return {.op = "MatMul", .inputs = {equal(a), equal(b)}};
}

TEST(CudaLongSums, ProductsOfFewRows) {
  expect_sums(product({1, 25088}, {25088, 3}), 25088);
  expect_sums({.op = "Gemm",
               .attributes = {{"transB", std::int64_t{1}}},
               .inputs = {equal({3, 25088}), equal({5, 25088})}},
              25088);
}

TEST(CudaLongSums, DeepProducts) { expect_sums(product({17, 25088}, {25088, 3}), 25088); }

TEST(CudaLongSums, ProductsInMediumTiles) {
  expect_sums(product({64, 65, 1000}, {64, 1000, 2}), 1000);
}

TEST(CudaLongSums, ProductsInLargeTiles) {
  expect_sums(product({128, 5, 400}, {128, 400, 2}), 400);
}

TEST(CudaLongSums, Convolutions) {
  expect_sums({.op = "Conv",
               .attributes = {{"group", std::int64_t{2}}},
               .inputs = {equal({1, 50176, 1}), equal({2, 25088, 1})}},
              25088);
  expect_sums({.op = "Conv", .inputs = {equal({1, 512, 7, 7}), equal({9, 512, 7, 7})}}, 25088);
  expect_sums({.op = "Conv",
               .domain = "mini_infer",
               .opset = 1,
               .attributes = {{"group", std::int64_t{8}}, {"layout", "NHWC"}},
               .inputs = {equal({1, 112, 224, 8}), equal({8, 1, 112, 224})},
               .constants = {1}},
              25088);
  expect_sums({.op = "ConvTranspose", .inputs = {equal({1, 25088, 1}), equal({25088, 3, 1})}},
              25088);
}

TEST(CudaLongSums, Norms) {
  expect_all({.op = "GlobalLpPool",
              .attributes = {{"p", std::int64_t{1}}},
              .inputs = {equal({1, 2, 500, 600})}},
             300000 * static_cast<double>(kFactor));
}

// What they add up to in double.
TEST(CudaLongSums, Softmax) {
  for (const Shape& shape : {Shape{1, 300000}, Shape{100000, 3}}) {
    const Tensor x = Random(1).fractions(shape);
    const auto output = output_of(
        {.op = "Softmax", .attributes = {{"axis", std::int64_t{shape[0] == 1}}}, .inputs = {x}});
    if (!output.has_value()) return;
    const auto y = output->as<float>();
    const double sum = std::accumulate(y.begin(), y.end(), 0.0);
    const double expected = shape[0] == 1 ? 1 : 3;
    EXPECT_NEAR(sum, expected, kTolerance * expected);
  }
}

}  // namespace
}  // namespace mini_infer::test
