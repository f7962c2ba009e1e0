#include <gtest/gtest.h>

#include "ops/in_place.h"

namespace mini_infer::test {
namespace {

using core::DataType;
using core::Status;
using core::Tensor;

TEST(Where, ChoosesByElement) {
  const OpCase test_case{.op = "Where",
                         .inputs = {bools({2, 2}, {true, false, true, true}),
                                    floats({2, 2}, {1, 2, 3, 4}), floats({2, 2}, {9, 8, 7, 6})}};
  expect_output(test_case, floats({2, 2}, {1, 8, 3, 4}));
  expect_same_in_place(test_case, 1);
  expect_same_in_place(test_case, 2);
}

TEST(Where, AllThreeBroadcast) {
  expect_output(
      {.op = "Where",
       .inputs = {bools({2, 1, 1}, {true, false}), int64s({2, 1}, {1, 2}), int64s({3}, {7, 8, 9})}},
      int64s({2, 2, 3}, {1, 1, 1, 2, 2, 2, 7, 8, 9, 7, 8, 9}));
  expect_output({.op = "Where",
                 .inputs = {bools({1, 3}, {true, false, true}), floats({2, 3}, {1, 2, 3, 4, 5, 6}),
                            floats({}, {-1})}},
                floats({2, 3}, {1, -1, 3, 4, -1, 6}));
}

TEST(Where, ElementsOfAnySize) {
  const Tensor condition = bools({2}, {true, false});
  expect_output(
      {.op = "Where", .inputs = {condition, bools({2}, {true, true}), bools({}, {false})}},
      bools({2}, {true, false}));
  const auto halves = [](std::vector<std::uint16_t> bits) {
    return tensor(DataType::kFloat16, {2}, std::move(bits));
  };
  expect_output({.op = "Where", .inputs = {condition, halves({1, 2}), halves({3, 4})}},
                halves({1, 4}));
  const auto complex = [](std::vector<double> parts) {
    return tensor(DataType::kComplex128, {2}, std::move(parts));
  };
  expect_output(
      {.op = "Where", .inputs = {condition, complex({1, 2, 3, 4}), complex({5, 6, 7, 8})}},
      complex({1, 2, 7, 8}));
}

TEST(Where, BadInputs) {
  const Tensor x = floats({2}, {1, 2});
  expect_failure({.op = "Where", .inputs = {x, x, x}}, Status::ERROR_INVALID_MODEL,
                 "condition: expected bool, found float32");
  expect_failure({.op = "Where", .inputs = {bools({}, {true}), x, int64s({}, {1})}},
                 Status::ERROR_INVALID_MODEL, "float32 and int64");
  expect_failure({.op = "Where", .inputs = {bools({3}, {true, true, true}), x, x}},
                 Status::ERROR_INVALID_MODEL, "shapes [3], [2] and [2] do not broadcast");
}

}  // namespace
}  // namespace mini_infer::test
