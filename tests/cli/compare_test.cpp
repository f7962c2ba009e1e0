#include "cli/compare.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

namespace mini_infer::cli {
namespace {

using core::DataType;
using core::Tensor;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInf = std::numeric_limits<float>::infinity();

template <typename T>
Tensor tensor(DataType type, const std::vector<T>& values) {
  return Tensor::from<T>(type, {static_cast<std::int64_t>(values.size())}, values);
}

Tensor floats(const std::vector<float>& values) { return tensor(DataType::kFloat32, values); }

std::string difference(const Tensor& actual, const Tensor& expected, Tolerance tolerance = {}) {
  return compare(actual, expected, tolerance).difference;
}

TEST(Compare, ToleranceIsRelativeToTheReference) {
  EXPECT_THAT(difference(floats({1000.9f}), floats({1000})), IsEmpty());
  EXPECT_THAT(difference(floats({1001.1f}), floats({1000})),
              HasSubstr("1 of 1 elements differ; at [0] expected 1000, found 1001.1"));
  EXPECT_THAT(difference(floats({0.9e-7f}), floats({0})), IsEmpty());
  EXPECT_THAT(difference(floats({2e-7f}), floats({0})), HasSubstr("differ"));
}

// The largest difference is within what the largest element allows.
TEST(Compare, NamesTheWorstElementByTheCriterion) {
  const Tensor actual = floats({1000.5f, 0.002f, 0.01f}), expected = floats({1000, 0.001f, 0});
  EXPECT_THAT(difference(actual, expected),
              HasSubstr("2 of 3 elements differ; at [2] expected 0, found 0.01"));
  EXPECT_THAT(difference(actual, expected, {.criterion = Criterion::kOutput, .rel_max = 1e-4}),
              HasSubstr("at [0] expected 1000, found 1000.5"));
  EXPECT_THAT(difference(floats({1.0000001f}), floats({1}), {.rtol = 0, .atol = 0}),
              HasSubstr("expected 1, found 1.0000001"));
}

TEST(Compare, NanAndInfinityEqualOnlyThemselves) {
  EXPECT_THAT(difference(floats({kNan, kInf, -kInf}), floats({kNan, kInf, -kInf})), IsEmpty());
  for (const float wrong : {kNan, -kInf, 1.0f}) {
    EXPECT_THAT(difference(floats({wrong}), floats({kInf})), HasSubstr("differ"));
  }
  EXPECT_THAT(difference(floats({1}), floats({kNan})), HasSubstr("expected nan, found 1"));
  EXPECT_THAT(
      difference(floats({kNan}), floats({1}), {.criterion = Criterion::kOutput, .rel_max = 1}),
      HasSubstr("found nan"));
}

TEST(Compare, RelMaxLooksAtTheWholeTensor) {
  const Tolerance loose{.criterion = Criterion::kOutput, .rel_max = 1e-2};
  EXPECT_THAT(difference(floats({0.5f, 100}), floats({0, 100}), loose), IsEmpty());
  EXPECT_THAT(difference(floats({2, 100}), floats({0, 100}), loose),
              HasSubstr("is 0.02, more than 0.01; at [0]"));
  EXPECT_THAT(difference(floats({0}), floats({0}), loose), IsEmpty());
  EXPECT_THAT(difference(floats({1e-9f}), floats({0}), loose), HasSubstr("is inf"));
}

TEST(Compare, AllOtherTypesAreExact) {
  const auto ints = [](std::vector<std::int64_t> values) {
    return tensor(DataType::kInt64, values);
  };
  EXPECT_THAT(difference(ints({1, 1000000}), ints({1, 1000000})), IsEmpty());
  EXPECT_THAT(difference(ints({1, 1000001}), ints({1, 1000000})),
              HasSubstr("1 of 2 elements differ; at [1] expected 1000000, found 1000001"));
  EXPECT_FALSE(compare(ints({1}), ints({1}), {}).relative_error);
}

TEST(Compare, HalvesAreComparedAsFloats) {
  const auto halves = [](std::vector<std::uint16_t> bits) {
    return tensor(DataType::kFloat16, bits);
  };
  EXPECT_THAT(difference(halves({0x3c00}), halves({0x3c00})), IsEmpty());
  EXPECT_THAT(difference(halves({0x4000}), halves({0x3c00})), HasSubstr("expected 1, found 2"));
}

TEST(Compare, TypesAndShapesMustBeEqual) {
  EXPECT_THAT(difference(floats({1, 2}), floats({1})),
              HasSubstr("expected float32[1], found float32[2]"));
  EXPECT_THAT(difference(floats({1}), tensor<double>(DataType::kFloat64, {1})),
              HasSubstr("expected float64[1], found float32[1]"));
  EXPECT_THAT(difference(floats({}), floats({})), IsEmpty());
}

}  // namespace
}  // namespace mini_infer::cli
