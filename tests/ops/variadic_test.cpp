#include <gtest/gtest.h>

#include <limits>

#include "ops/in_place.h"

namespace mini_infer::test {
namespace {

using core::DataType;
using core::Status;
using core::Tensor;

const float kNan = std::numeric_limits<float>::quiet_NaN();

TEST(Variadic, OneInputIsCopied) {
  for (const char* op : {"Sum", "Mean", "Max", "Min"}) {
    const OpCase test_case{.op = op, .inputs = {floats({3}, {1, -2, 3})}};
    expect_output(test_case, floats({3}, {1, -2, 3}));
    expect_same_in_place(test_case);
  }
}

TEST(Variadic, ThreeInputs) {
  const std::vector<Tensor> inputs = {floats({3}, {3, 0, 2}), floats({3}, {1, 3, 4}),
                                      floats({3}, {2, 6, 6})};
  expect_output({.op = "Sum", .inputs = inputs}, floats({3}, {6, 9, 12}));
  expect_output({.op = "Mean", .inputs = inputs}, floats({3}, {2, 3, 4}));
  expect_output({.op = "Max", .inputs = inputs}, floats({3}, {3, 6, 6}));
  expect_output({.op = "Min", .inputs = inputs}, floats({3}, {1, 0, 2}));
}

TEST(Variadic, InputsBroadcastTogether) {
  expect_output({.op = "Sum",
                 .inputs = {floats({2, 1}, {10, 20}), floats({1}, {100}), floats({3}, {1, 2, 3})}},
                floats({2, 3}, {111, 112, 113, 121, 122, 123}));
  expect_output({.op = "Mean", .inputs = {floats({}, {1}), floats({}, {2}), floats({2}, {3, 6})}},
                floats({2}, {2, 3}));
}

TEST(Variadic, NanInAnyPlaceIsPassedOn) {
  const Tensor numbers = floats({2}, {1, 2});
  const Tensor nans = floats({2}, {kNan, kNan});
  for (const char* op : {"Max", "Min"}) {
    expect_output({.op = op, .inputs = {numbers, nans}}, nans);
    expect_output({.op = op, .inputs = {nans, numbers}}, nans);
  }
}

TEST(Variadic, IntegersHaveExtremes) {
  expect_output({.op = "Max", .inputs = {int64s({2}, {-5, 7}), int64s({}, {0})}},
                int64s({2}, {0, 7}));
  expect_output({.op = "Min",
                 .inputs = {tensor<std::uint8_t>(DataType::kUInt8, {2}, {200, 7}),
                            tensor<std::uint8_t>(DataType::kUInt8, {}, {100})}},
                tensor<std::uint8_t>(DataType::kUInt8, {2}, {100, 7}));
}

// Rows longer than a piece; floating-point sums whose bits depend on the order of the inputs.
TEST(Variadic, AnyInputMayBeOverwritten) {
  const core::Shape shape{2, 700};
  for (const char* op : {"Sum", "Mean", "Max"}) {
    for (int inputs = 2; inputs <= 5; ++inputs) {
      OpCase test_case{.op = op, .inputs = {}};
      for (int i = 0; i < inputs; ++i) {
        test_case.inputs.push_back(ramp(shape, 0.1f * static_cast<float>(i + 1), -1e4f));
      }
      for (int slot = 0; slot < std::min(inputs, 4); ++slot) expect_same_in_place(test_case, slot);
    }
  }
}

TEST(Variadic, NoInputIsAnError) {
  expect_failure({.op = "Sum", .inputs = {}}, Status::ERROR_INVALID_MODEL, "found 0");
}

}  // namespace
}  // namespace mini_infer::test
