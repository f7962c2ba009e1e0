#include <gtest/gtest.h>

#include <limits>

#include "ops/in_place.h"

namespace mini_infer::test {
namespace {

using core::DataType;
using core::Status;
using core::Tensor;

const float kNan = std::numeric_limits<float>::quiet_NaN();
const float kInf = std::numeric_limits<float>::infinity();

OpCase cast(Tensor input, DataType to) {
  return {.op = "Cast",
          .attributes = {{"to", static_cast<std::int64_t>(to)}},
          .inputs = {std::move(input)}};
}

TEST(Cast, FloatsTruncateTowardsZero) {
  expect_output(cast(floats({4}, {1.9f, -1.9f, 0.5f, -0.5f}), DataType::kInt32),
                int32s({4}, {1, -1, 0, 0}));
}

TEST(Cast, FloatsOutsideTheRangeSaturate) {
  const Tensor x = floats({5}, {1e30f, -1e30f, kInf, -kInf, kNan});
  expect_output(cast(x, DataType::kInt32),
                int32s({5}, {INT32_MAX, INT32_MIN, INT32_MAX, INT32_MIN, 0}));
  expect_output(cast(x, DataType::kInt64),
                int64s({5}, {INT64_MAX, INT64_MIN, INT64_MAX, INT64_MIN, 0}));
  expect_output(cast(x, DataType::kUInt8),
                tensor<std::uint8_t>(DataType::kUInt8, {5}, {255, 0, 255, 0, 0}));
  expect_output(cast(floats({3}, {2147483520.0f, -2147483648.0f, 2147483648.0f}), DataType::kInt32),
                int32s({3}, {2147483520, INT32_MIN, INT32_MAX}));
}

TEST(Cast, IntegersKeepTheirLowBits) {
  expect_output(cast(int64s({3}, {300, -1, 1}), DataType::kUInt8),
                tensor<std::uint8_t>(DataType::kUInt8, {3}, {44, 255, 1}));
  expect_output(cast(int32s({2}, {-1, 7}), DataType::kInt64), int64s({2}, {-1, 7}));
  expect_output(
      cast(tensor<std::uint64_t>(DataType::kUInt64, {1}, {1ull << 63}), DataType::kFloat32),
      floats({1}, {9223372036854775808.0f}));
}

TEST(Cast, BoolsAreWhetherNotZero) {
  expect_output(cast(floats({4}, {0, -0.0f, 0.5f, kNan}), DataType::kBool),
                bools({4}, {false, false, true, true}));
  expect_output(cast(bools({2}, {true, false}), DataType::kFloat32), floats({2}, {1, 0}));
}

TEST(Cast, Float16RoundsToNearestEven) {
  struct Row {
    double value;
    std::uint16_t bits;
  };
  const std::vector<Row> rows = {{0, 0x0000},           {-0.0, 0x8000},
                                 {1, 0x3c00},           {-2, 0xc000},
                                 {65504, 0x7bff},       {65519, 0x7bff},
                                 {65520, 0x7c00},       {-1e9, 0xfc00},
                                 {1 + 0x1p-11, 0x3c00}, {1 + 3 * 0x1p-11, 0x3c02},
                                 {0x1p-14, 0x0400},     {0x1p-24, 0x0001},
                                 {0x1p-25, 0x0000},     {0x1.8p-24, 0x0002},
                                 {1e-30, 0x0000}};
  for (const Row& row : rows) {
    const Tensor half = tensor<std::uint16_t>(DataType::kFloat16, {1}, {row.bits});
    expect_output(cast(floats({1}, {static_cast<float>(row.value)}), DataType::kFloat16), half);
    expect_output(cast(tensor(DataType::kFloat64, {1}, std::vector{row.value}), DataType::kFloat16),
                  half);
  }
}

TEST(Cast, DoublesAreRoundedOnce) {
  // Rounded to float first, the second becomes the tie 1 + 2^-11 and then 1.
  expect_output(cast(tensor<double>(DataType::kFloat64, {2}, {1 + 0x1p-11, 1 + 0x1p-11 + 0x1p-40}),
                     DataType::kFloat16),
                tensor<std::uint16_t>(DataType::kFloat16, {2}, {0x3c00, 0x3c01}));
}

TEST(Cast, EveryFloat16SurvivesTheWayToFloat32AndBack) {
  std::vector<std::uint16_t> bits;
  for (std::uint32_t i = 0; i < 65536; ++i) {
    const bool is_nan = (i & 0x7c00u) == 0x7c00u && (i & 0x3ffu) != 0;
    if (!is_nan) bits.push_back(static_cast<std::uint16_t>(i));
  }
  const core::Shape shape{static_cast<std::int64_t>(bits.size())};
  for (DataType type : {DataType::kFloat16, DataType::kBFloat16}) {
    const Tensor stored = tensor(type, shape, bits);
    const auto wide = run(cast(stored, DataType::kFloat32));
    ASSERT_TRUE(wide.ok()) << wide.status().to_string();
    if (type == DataType::kFloat16) {
      expect_output(cast(wide.value()[0], type), stored);
    } else {
      EXPECT_TRUE(run(cast(wide.value()[0], type)).ok());
    }
  }
}

TEST(Cast, NansStayNans) {
  const auto half = run(cast(floats({1}, {kNan}), DataType::kFloat16)).value()[0];
  expect_output(cast(half, DataType::kFloat32), floats({1}, {kNan}));
  const auto brain = run(cast(floats({1}, {kNan}), DataType::kBFloat16)).value()[0];
  expect_output(cast(brain, DataType::kFloat32), floats({1}, {kNan}));
}

TEST(Cast, BFloat16RoundsToNearestEven) {
  const float below_tie = 1 + 0x1p-9f;
  const float tie_to_even = 1 + 0x1p-8f;
  const float tie_to_odd = 1 + 3 * 0x1p-8f;
  expect_output(
      cast(floats({5}, {below_tie, tie_to_even, tie_to_odd, kInf, 3.4e38f}), DataType::kBFloat16),
      tensor<std::uint16_t>(DataType::kBFloat16, {5}, {0x3f80, 0x3f80, 0x3f82, 0x7f80, 0x7f80}));
}

TEST(Cast, InPlaceBetweenTypesOfOneSize) {
  expect_same_in_place(cast(ramp({1000}, 0.37f, -100), DataType::kInt32));
  expect_same_in_place(cast(ramp({1000}, 0.37f, -100), DataType::kUInt32));
}

TEST(Cast, BadTargets) {
  const Tensor x = floats({1}, {1});
  expect_failure({.op = "Cast", .inputs = {x}}, Status::ERROR_INVALID_MODEL,
                 "attribute to is missing");
  expect_failure(cast(x, static_cast<DataType>(99)), Status::ERROR_INVALID_MODEL,
                 "99 is not an element type");
  expect_failure(cast(x, DataType::kString), Status::ERROR_UNSUPPORTED, "string");
  expect_failure(cast(x, DataType::kInt4), Status::ERROR_UNSUPPORTED, "int4");
  expect_failure(cast(x, DataType::kFloat8E4M3FN), Status::ERROR_UNSUPPORTED, "float8e4m3fn");
}

TEST(CastLike, TakesTheTypeOfTheSecondInput) {
  expect_output({.op = "CastLike", .inputs = {floats({2}, {1.5f, -2}), int64s({0}, {})}},
                int64s({2}, {1, -2}));
}

}  // namespace
}  // namespace mini_infer::test
