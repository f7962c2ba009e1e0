#include "mini_infer/core/types.h"

#include <gtest/gtest.h>

namespace mini_infer::core {
namespace {

TEST(CheckedBytes, CountsDenseTensors) {
  EXPECT_EQ(checked_bytes(DataType::kFloat32, {2, 3}), 24u);
  EXPECT_EQ(checked_bytes(DataType::kInt64, {}), 8u) << "a scalar has one element";
  EXPECT_EQ(checked_bytes(DataType::kFloat32, {4, 0}), 0u);
  EXPECT_EQ(checked_bytes(DataType::kInt4, {3}), 2u) << "sub-byte elements are packed";
}

TEST(CheckedBytes, RefusesWhatHasNoSize) {
  EXPECT_EQ(checked_bytes(DataType::kFloat32, {-1}), std::nullopt);
  EXPECT_EQ(checked_bytes(DataType::kFloat32, {INT64_MAX}), std::nullopt);
  EXPECT_EQ(checked_bytes(DataType::kFloat32, {1LL << 32, 1LL << 32}), std::nullopt);
  EXPECT_EQ(checked_bytes(DataType::kString, {1}), std::nullopt);
  EXPECT_EQ(checked_bytes(static_cast<DataType>(99), {1}), std::nullopt);
  EXPECT_EQ(checked_bytes(DataType::kFloat32, {0, -1}), std::nullopt);
}

TEST(Types, HaveTheNamesOfTheStandard) {
  EXPECT_STREQ(type_name(DataType::kFloat32), "float32");
  EXPECT_STREQ(type_name(DataType::kInt2), "int2");
  EXPECT_STREQ(type_name(static_cast<DataType>(-3)), "undefined");
  EXPECT_TRUE(is_floating(DataType::kBFloat16));
  EXPECT_TRUE(is_integer(DataType::kUInt4));
  EXPECT_FALSE(is_integer(DataType::kBool));
}

TEST(Shape, CountsElementsOfARangeOfAxes) {
  const Shape shape{2, 3, 4};
  EXPECT_EQ(shape.elements(), 24);
  EXPECT_EQ(shape.elements(1, 3), 12);
  EXPECT_EQ(shape.elements(1, 1), 1);
  EXPECT_EQ(shape.to_string(), "[2,3,4]");
}

TEST(AlignUp, RoundsToTheNextMultiple) {
  EXPECT_EQ(align_up(0, 256), 0u);
  EXPECT_EQ(align_up(1, 256), 256u);
  EXPECT_EQ(align_up(256, 256), 256u);
}

}  // namespace
}  // namespace mini_infer::core
