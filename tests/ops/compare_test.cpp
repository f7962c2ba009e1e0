#include <gtest/gtest.h>

#include <limits>

#include "ops/alias_case.h"
#include "ops/in_place.h"

namespace mini_infer::test {
namespace {

using core::DataType;
using core::Status;
using core::Tensor;

const float kNan = std::numeric_limits<float>::quiet_NaN();

struct Expected {
  const char* op;
  std::vector<bool> values;
};

void expect_all(const Tensor& a, const Tensor& b, const std::vector<Expected>& expected) {
  for (const Expected& row : expected) {
    expect_output({.op = row.op, .inputs = {a, b}}, bools(a.shape(), row.values));
  }
}

TEST(Compare, Floats) {
  expect_all(floats({4}, {1, 2, 3, kNan}), floats({4}, {2, 2, 2, kNan}),
             {{"Less", {true, false, false, false}},
              {"LessOrEqual", {true, true, false, false}},
              {"Greater", {false, false, true, false}},
              {"GreaterOrEqual", {false, true, true, false}},
              {"Equal", {false, true, false, false}}});
}

TEST(Compare, IntegersAreComparedWithTheirSigns) {
  const std::vector<Expected> expected = {{"Less", {true, false, false}},
                                          {"LessOrEqual", {true, true, false}},
                                          {"Greater", {false, false, true}},
                                          {"GreaterOrEqual", {false, true, true}},
                                          {"Equal", {false, true, false}}};
  expect_all(int64s({3}, {-1, 2, 3}), int64s({3}, {1, 2, -3}), expected);
  expect_all(tensor<std::int8_t>(DataType::kInt8, {3}, {-1, 2, 3}),
             tensor<std::int8_t>(DataType::kInt8, {3}, {1, 2, -3}), expected);
  expect_all(tensor<std::uint16_t>(DataType::kUInt16, {3}, {1, 2, 65535}),
             tensor<std::uint16_t>(DataType::kUInt16, {3}, {65535, 2, 1}), expected);
}

TEST(Compare, OperandsKeepTheirPlacesWhenBroadcast) {
  expect_output({.op = "Greater", .inputs = {floats({2, 2}, {1, 2, 3, 4}), floats({2}, {2, 3})}},
                bools({2, 2}, {false, false, true, true}));
  expect_output({.op = "Greater", .inputs = {floats({2}, {2, 3}), floats({2, 2}, {1, 2, 3, 4})}},
                bools({2, 2}, {true, true, false, false}));
}

TEST(Compare, BoolsAreEqualOrNot) {
  const OpCase test_case{
      .op = "Equal", .inputs = {bools({3}, {true, false, true}), bools({3}, {true, true, false})}};
  expect_output(test_case, bools({3}, {true, false, false}));
  expect_same_in_place(test_case, 0);
  expect_same_in_place(test_case, 1);
}

TEST(Logical, TruthTables) {
  const Tensor a = bools({4}, {false, false, true, true});
  const Tensor b = bools({4}, {false, true, false, true});
  expect_all(a, b,
             {{"And", {false, false, false, true}},
              {"Or", {false, true, true, true}},
              {"Xor", {false, true, true, false}}});
  expect_same_in_place({.op = "Xor", .inputs = {a, b}}, 1);
}

// Two int64 are as many bytes as sixteen bools: writing these would destroy the second before it is
// read.
TEST(Compare, DoesNotOverwriteFewerButLargerElements) {
  const Tensor column = int64s({2, 1}, {3, 5});
  const Tensor row = int64s({1, 8}, {0, 1, 2, 3, 4, 5, 6, 7});
  EXPECT_TRUE(aliases_of({.op = "Less", .inputs = {column, row}}).empty());
}

TEST(Logical, BoolsOnly) {
  expect_failure({.op = "And", .inputs = {int32s({1}, {1}), int32s({1}, {1})}},
                 Status::ERROR_INVALID_MODEL, "expected bool inputs, found int32");
}

TEST(Bitwise, IntegersOfAnySign) {
  const Tensor a = int32s({2}, {12, -1});
  const Tensor b = int32s({}, {10});
  expect_output({.op = "BitwiseAnd", .opset = 18, .inputs = {a, b}}, int32s({2}, {8, 10}));
  expect_output({.op = "BitwiseOr", .opset = 18, .inputs = {a, b}}, int32s({2}, {14, -1}));
  expect_output({.op = "BitwiseXor", .opset = 18, .inputs = {a, b}}, int32s({2}, {6, -11}));
  expect_failure({.op = "BitwiseAnd", .opset = 18, .inputs = {floats({}, {1}), floats({}, {1})}},
                 Status::ERROR_UNSUPPORTED, "float32");
}

TEST(Bitwise, ShiftsOfAllBitsLeaveNothing) {
  const auto bytes = [](std::vector<std::uint8_t> values) {
    return tensor(DataType::kUInt8, {3}, std::move(values));
  };
  const Tensor x = bytes({16, 129, 255});
  const Tensor places = bytes({1, 7, 8});
  expect_output(
      {.op = "BitShift", .attributes = {{"direction", std::string("LEFT")}}, .inputs = {x, places}},
      bytes({32, 128, 0}));
  expect_output({.op = "BitShift",
                 .attributes = {{"direction", std::string("RIGHT")}},
                 .inputs = {x, places}},
                bytes({8, 1, 0}));
  expect_failure({.op = "BitShift", .inputs = {x, places}}, Status::ERROR_INVALID_MODEL,
                 "expected 'LEFT' or 'RIGHT'");
}

}  // namespace
}  // namespace mini_infer::test
