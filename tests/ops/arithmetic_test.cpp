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

// The same numbers as tensors of every integer type that holds them.
template <typename... Ts>
void expect_for_integers(const std::string& op, const std::vector<int>& a,
                         const std::vector<int>& b, const std::vector<int>& expected,
                         std::pair<DataType, Ts>... types) {
  const auto as = [](auto pair, const std::vector<int>& values) {
    using T = decltype(pair.second);
    std::vector<T> converted;
    for (int value : values) converted.push_back(static_cast<T>(value));
    return tensor<T>(pair.first, {static_cast<std::int64_t>(values.size())}, converted);
  };
  (expect_output({.op = op, .inputs = {as(types, a), as(types, b)}}, as(types, expected)), ...);
}

void expect_for_signed(const std::string& op, const std::vector<int>& a, const std::vector<int>& b,
                       const std::vector<int>& expected) {
  expect_for_integers(op, a, b, expected, std::pair{DataType::kInt8, std::int8_t{}},
                      std::pair{DataType::kInt16, std::int16_t{}},
                      std::pair{DataType::kInt32, std::int32_t{}},
                      std::pair{DataType::kInt64, std::int64_t{}});
}

void expect_for_unsigned(const std::string& op, const std::vector<int>& a,
                         const std::vector<int>& b, const std::vector<int>& expected) {
  expect_for_integers(op, a, b, expected, std::pair{DataType::kUInt8, std::uint8_t{}},
                      std::pair{DataType::kUInt16, std::uint16_t{}},
                      std::pair{DataType::kUInt32, std::uint32_t{}},
                      std::pair{DataType::kUInt64, std::uint64_t{}});
}

TEST(Arithmetic, Floats) {
  const Tensor a = floats({4}, {1, -2, kNan, kInf});
  const Tensor b = floats({4}, {4, 0.5f, 1, -kInf});
  expect_output({.op = "Add", .inputs = {a, b}}, floats({4}, {5, -1.5f, kNan, kNan}));
  expect_output({.op = "Sub", .inputs = {a, b}}, floats({4}, {-3, -2.5f, kNan, kInf}));
  expect_output({.op = "Mul", .inputs = {a, b}}, floats({4}, {4, -1, kNan, -kInf}));
  expect_output({.op = "Div", .inputs = {a, b}}, floats({4}, {0.25f, -4, kNan, kNan}));
  expect_output({.op = "Div", .inputs = {a, floats({}, {0})}},
                floats({4}, {kInf, -kInf, kNan, kInf}));
}

TEST(Arithmetic, Doubles) {
  const auto doubles = [](std::vector<double> values) {
    return tensor(DataType::kFloat64, {2}, std::move(values));
  };
  expect_output({.op = "Mul", .inputs = {doubles({1e200, 3}), doubles({1e50, 0.1})}},
                doubles({1e200 * 1e50, 3 * 0.1}));
}

TEST(Arithmetic, IntegersOfEveryWidth) {
  expect_for_signed("Add", {100, -100, 7}, {20, -20, -9}, {120, -120, -2});
  expect_for_signed("Sub", {100, -100, 7}, {20, -20, -9}, {80, -80, 16});
  expect_for_signed("Mul", {11, -11, 7}, {5, 5, -9}, {55, -55, -63});
  expect_for_signed("Div", {7, -7, 7, -7}, {2, 2, -2, -1}, {3, -3, -3, 7});
  expect_for_unsigned("Add", {200, 1}, {50, 2}, {250, 3});
  expect_for_unsigned("Sub", {200, 3}, {50, 2}, {150, 1});
  expect_for_unsigned("Mul", {20, 3}, {12, 2}, {240, 6});
  expect_for_unsigned("Div", {200, 3}, {50, 2}, {4, 1});
}

TEST(Arithmetic, IntegersWrapAround) {
  expect_output({.op = "Add", .inputs = {int32s({1}, {INT32_MAX}), int32s({1}, {1})}},
                int32s({1}, {INT32_MIN}));
  expect_output({.op = "Mul", .inputs = {int64s({1}, {INT64_MAX}), int64s({1}, {2})}},
                int64s({1}, {-2}));
  const auto uint16 = [](std::uint16_t value) {
    return tensor<std::uint16_t>(DataType::kUInt16, {1}, {value});
  };
  expect_output({.op = "Mul", .inputs = {uint16(65535), uint16(65535)}}, uint16(1));
}

TEST(Arithmetic, AnIntegerDividedByZeroIsAnError) {
  for (const char* op : {"Div", "Mod"}) {
    expect_failure({.op = op, .inputs = {int32s({2}, {1, 2}), int32s({2}, {1, 0})}},
                   Status::ERROR_RUNTIME, "an integer is divided by 0");
    expect_failure({.op = op, .inputs = {int64s({2}, {1, 2}), int64s({}, {0})}},
                   Status::ERROR_RUNTIME, "'case'");
  }
  expect_output({.op = "Div", .inputs = {int32s({0}, {}), int32s({}, {0})}}, int32s({0}, {}));
}

TEST(Arithmetic, TheLowestIntegerDividedByMinusOneWrapsAround) {
  expect_output({.op = "Div", .inputs = {int32s({1}, {INT32_MIN}), int32s({1}, {-1})}},
                int32s({1}, {INT32_MIN}));
  expect_output({.op = "Div", .inputs = {int64s({1}, {INT64_MIN}), int64s({1}, {-1})}},
                int64s({1}, {INT64_MIN}));
  for (std::int64_t fmod : {0, 1}) {
    expect_output({.op = "Mod",
                   .attributes = {{"fmod", fmod}},
                   .inputs = {int64s({1}, {INT64_MIN}), int64s({1}, {-1})}},
                  int64s({1}, {0}));
  }
}

TEST(Arithmetic, ModTakesTheSignOfTheDivisor) {
  expect_for_signed("Mod", {-4, 7, 5, 4, -7, 8, 6}, {2, -3, 8, -2, 3, 5, -6},
                    {0, -2, 5, 0, 2, 3, 0});
  expect_for_unsigned("Mod", {200, 7}, {7, 8}, {4, 7});
}

TEST(Arithmetic, FmodTakesTheSignOfTheDividend) {
  const std::map<std::string, graph::Attribute, std::less<>> fmod = {{"fmod", std::int64_t{1}}};
  expect_output({.op = "Mod",
                 .attributes = fmod,
                 .inputs = {int32s({4}, {-4, 7, -7, 8}), int32s({4}, {3, -3, 3, 5})}},
                int32s({4}, {-1, 1, -1, 3}));
  expect_output({.op = "Mod",
                 .attributes = fmod,
                 .inputs = {floats({4}, {-4.3f, 7.2f, 5, kNan}), floats({4}, {2.1f, -3.4f, 0, 1})}},
                floats({4}, {-0.1f, 0.4f, kNan, kNan}));
}

TEST(Arithmetic, FloatsNeedFmod) {
  expect_failure({.op = "Mod", .inputs = {floats({1}, {1}), floats({1}, {1})}},
                 Status::ERROR_INVALID_MODEL, "expected 1 for float32, found 0");
}

TEST(Arithmetic, TypesMustAgree) {
  expect_failure({.op = "Add", .inputs = {floats({1}, {1}), int64s({1}, {1})}},
                 Status::ERROR_INVALID_MODEL, "float32 and int64");
  expect_failure({.op = "Add", .inputs = {bools({1}, {true}), bools({1}, {true})}},
                 Status::ERROR_UNSUPPORTED, "bool");
  expect_failure({.op = "Add", .inputs = {floats({1}, {1})}}, Status::ERROR_INVALID_MODEL,
                 "expected 2 inputs, found 1");
}

TEST(Pow, Floats) {
  expect_output(
      {.op = "Pow", .inputs = {floats({5}, {2, 9, -2, 0, -8}), floats({5}, {3, 0.5f, 2, 0, 0.3f})}},
      floats({5}, {8, 3, 4, 1, kNan}));
}

TEST(Pow, OfAConstantTwoIsASquare) {
  const OpCase test_case{.op = "Pow", .inputs = {floats({3}, {-3, 0, 1.5f}), floats({}, {2})}};
  expect_output(test_case, floats({3}, {9, 0, 2.25f}));
  expect_same_in_place(test_case);
}

TEST(Pow, TheExponentMayBeOfAnotherType) {
  expect_output({.op = "Pow", .inputs = {floats({2}, {2, 3}), int64s({2}, {-1, 3})}},
                floats({2}, {0.5f, 27}));
  expect_output({.op = "Pow", .inputs = {int32s({2}, {2, -3}), floats({2}, {3, 3})}},
                int32s({2}, {8, -27}));
  expect_output({.op = "Pow",
                 .inputs = {int64s({3}, {3, -2, 10}),
                            tensor<std::uint32_t>(DataType::kUInt32, {3}, {39, 3, 0})}},
                int64s({3}, {4052555153018976267, -8, 1}));
  expect_failure({.op = "Pow", .opset = 7, .inputs = {floats({1}, {2}), int64s({1}, {2})}},
                 Status::ERROR_INVALID_MODEL, "float32 and int64");
}

TEST(Pow, AnIntegerToANegativeIntegerIsAnError) {
  expect_failure({.op = "Pow", .inputs = {int32s({1}, {2}), int32s({1}, {-1})}},
                 Status::ERROR_RUNTIME, "an integer is raised to a negative integer");
}

TEST(PRelu, TheSlopeIsBroadcastToTheInput) {
  const OpCase by_channel{
      .op = "PRelu",
      .inputs = {floats({2, 2, 2}, {-1, 1, -2, 2, -3, 3, kNan, -4}), floats({2, 1}, {0.5f, 10})}};
  expect_output(by_channel, floats({2, 2, 2}, {-0.5f, 1, -20, 2, -1.5f, 3, kNan, -40}));
  expect_same_in_place(by_channel);
  expect_output({.op = "PRelu", .inputs = {int32s({2}, {-3, 3}), int32s({1}, {2})}},
                int32s({2}, {-6, 3}));
  expect_failure({.op = "PRelu", .inputs = {floats({1}, {1}), floats({2}, {1, 2})}},
                 Status::ERROR_INVALID_MODEL, "found shapes [1] and [2]");
}

}  // namespace
}  // namespace mini_infer::test
