#include <gtest/gtest.h>

#include <limits>

#include "ops/in_place.h"

namespace mini_infer::test {
namespace {

using core::DataType;
using core::Status;

const float kNan = std::numeric_limits<float>::quiet_NaN();
const float kInf = std::numeric_limits<float>::infinity();
const core::Tensor kLeftOut;

TEST(Clip, BoundsAreInputsFromOpset11) {
  const OpCase test_case{
      .op = "Clip",
      .inputs = {floats({5}, {-3, 0, 3, kNan, kInf}), floats({}, {-1}), floats({}, {2})}};
  expect_output(test_case, floats({5}, {-1, 0, 2, kNan, 2}));
  expect_same_in_place(test_case);
}

TEST(Clip, BoundsAreAttributesBeforeOpset11) {
  expect_output({.op = "Clip",
                 .opset = 6,
                 .attributes = {{"min", -1.0f}, {"max", 2.0f}},
                 .inputs = {floats({3}, {-3, 0, 3})}},
                floats({3}, {-1, 0, 2}));
  expect_output({.op = "Clip",
                 .opset = 10,
                 .attributes = {{"min", 0.0f}},
                 .inputs = {floats({3}, {-3, 0, 3})}},
                floats({3}, {0, 0, 3}));
}

TEST(Clip, EitherBoundMayBeLeftOut) {
  const core::Tensor x = floats({3}, {-3, 0, 3});
  expect_output({.op = "Clip", .inputs = {x}}, x);
  expect_output({.op = "Clip", .inputs = {x, floats({}, {1})}}, floats({3}, {1, 1, 3}));
  expect_output({.op = "Clip", .inputs = {x, kLeftOut, floats({}, {1})}}, floats({3}, {-3, 0, 1}));
}

TEST(Clip, TheUpperBoundWinsOverTheLower) {
  expect_output(
      {.op = "Clip", .inputs = {floats({3}, {-3, 0, 3}), floats({}, {2}), floats({}, {1})}},
      floats({3}, {1, 1, 1}));
}

TEST(Clip, Integers) {
  const auto int8 = [](core::Shape shape, std::vector<std::int8_t> values) {
    return tensor(DataType::kInt8, std::move(shape), std::move(values));
  };
  expect_output({.op = "Clip", .opset = 13, .inputs = {int8({3}, {-128, 0, 127}), int8({}, {-5})}},
                int8({3}, {-5, 0, 127}));
  expect_output(
      {.op = "Clip", .opset = 13, .inputs = {int64s({2}, {-7, 7}), kLeftOut, int64s({1}, {3})}},
      int64s({2}, {-7, 3}));
}

TEST(Clip, ABoundOfAnotherTypeOrSizeIsRefused) {
  const core::Tensor x = floats({2}, {1, 2});
  expect_failure({.op = "Clip", .inputs = {x, int64s({}, {0})}}, Status::ERROR_INVALID_MODEL,
                 "input 1: expected one float32, found int64[]");
  expect_failure({.op = "Clip", .inputs = {x, floats({}, {0}), floats({2}, {3, 4})}},
                 Status::ERROR_INVALID_MODEL, "input 2: expected one float32, found float32[2]");
}

}  // namespace
}  // namespace mini_infer::test
