#include <gtest/gtest.h>

#include <numeric>

#include "ops/alias_case.h"
#include "ops/op_case.h"

namespace mini_infer::test {
namespace {

using core::DataType;
using core::Shape;
using core::Status;
using core::Tensor;
using Ints = std::vector<std::int64_t>;

OpCase transpose(Tensor x, Ints perm) {
  return {.op = "Transpose", .attributes = {{"perm", std::move(perm)}}, .inputs = {std::move(x)}};
}

TEST(Transpose, MovesAxes) {
  expect_output(transpose(ramp({2, 3}), {1, 0}), floats({3, 2}, {0, 3, 1, 4, 2, 5}));
  expect_output(transpose(ramp({2, 1, 3}), {2, 0, 1}), floats({3, 2, 1}, {0, 3, 1, 4, 2, 5}));
  expect_output(transpose(ramp({2, 2, 2}), {1, 0, 2}), floats({2, 2, 2}, {0, 1, 4, 5, 2, 3, 6, 7}));
}

TEST(Transpose, ReversesAxesByDefault) {
  expect_output({.op = "Transpose", .inputs = {ramp({1, 2, 3})}},
                floats({3, 2, 1}, {0, 3, 1, 4, 2, 5}));
  expect_output({.op = "Transpose", .inputs = {floats({}, {5})}}, floats({}, {5}));
}

TEST(Transpose, ReachesEveryElementOfManyTiles) {
  // [2,37,5,70] to [2,70,5,37], and back.
  const auto x = ramp({2, 37, 5, 70});
  auto there = run(transpose(x, {0, 3, 2, 1}));
  ASSERT_TRUE(there.ok());
  const auto y = there.value()[0].as<float>();
  EXPECT_EQ(y[((70 + 69) * 5 + 4) * 37 + 36], x.as<float>()[((37 + 36) * 5 + 4) * 70 + 69]);
  expect_output(transpose(there.value()[0], {0, 3, 2, 1}), x);
}

TEST(Transpose, ServesEveryWidth) {
  for (DataType type :
       {DataType::kUInt8, DataType::kFloat16, DataType::kInt64, DataType::kComplex128}) {
    const auto width = static_cast<std::size_t>(core::bits_per_element(type) / 8);
    std::vector<std::byte> from(6 * width);
    std::vector<std::byte> to(6 * width);
    for (std::size_t i = 0; i < 6; ++i) {
      from[i * width + width - 1] = std::byte{static_cast<unsigned char>(i)};
      to[(i % 3 * 2 + i / 3) * width + width - 1] = std::byte{static_cast<unsigned char>(i)};
    }
    expect_output(transpose(Tensor::copy_of(type, Shape{2, 3}, from), {1, 0}),
                  Tensor::copy_of(type, Shape{3, 2}, to));
  }
}

TEST(Transpose, KeepsEmptyTensorsEmpty) {
  expect_output(transpose(floats({0, 3}, {}), {1, 0}), floats({3, 0}, {}));
}

TEST(Transpose, RefusesWhatIsNoPermutation) {
  expect_failure(transpose(ramp({2, 3}), {0}), Status::ERROR_INVALID_MODEL, "perm names 1");
  expect_failure(transpose(ramp({2, 3}), {0, 0}), Status::ERROR_INVALID_MODEL, "twice");
  expect_failure(transpose(ramp({2, 3}), {0, 2}), Status::ERROR_INVALID_MODEL, "axis 2");
}

TEST(Transpose, DoesNotServeTypesBelowAByte) {
  const std::byte nibbles[] = {std::byte{0x21}, std::byte{0x43}};
  expect_failure(transpose(Tensor::copy_of(DataType::kInt4, Shape{2, 2}, nibbles), {1, 0}),
                 Status::ERROR_UNSUPPORTED, "int4");
}

OpCase concat(std::vector<Tensor> inputs, std::int64_t axis) {
  return {.op = "Concat", .attributes = {{"axis", axis}}, .inputs = std::move(inputs)};
}

TEST(Concat, JoinsAlongAnAxis) {
  expect_output(concat({ramp({2, 2}), ramp({2, 1}, 1, 10)}, 1),
                floats({2, 3}, {0, 1, 10, 2, 3, 11}));
  expect_output(concat({ramp({1, 2}), ramp({2, 2}, 1, 10)}, -2),
                floats({3, 2}, {0, 1, 10, 11, 12, 13}));
  expect_output(concat({int64s({1}, {3}), int64s({0}, {}), int64s({2}, {4, 5})}, 0),
                int64s({3}, {3, 4, 5}));
}

TEST(Concat, RefusesWhatDoesNotFit) {
  expect_failure(concat({ramp({2, 2}), ramp({3, 1})}, 1), Status::ERROR_INVALID_MODEL, "[3,1]");
  expect_failure(concat({ramp({2}), ramp({2, 1})}, 0), Status::ERROR_INVALID_MODEL, "[2,1]");
  expect_failure(concat({ramp({2}), int64s({1}, {0})}, 0), Status::ERROR_INVALID_MODEL, "int64");
  expect_failure(concat({ramp({})}, 0), Status::ERROR_INVALID_MODEL, "rank 0");
  expect_failure({.op = "Concat", .inputs = {ramp({2})}}, Status::ERROR_INVALID_MODEL, "axis");
  expect_failure(concat({ramp({2}), Tensor()}, 0), Status::ERROR_INVALID_MODEL, "input 1");
}

OpCase split(Tensor x, std::int64_t axis, int outputs) {
  return {
      .op = "Split", .attributes = {{"axis", axis}}, .inputs = {std::move(x)}, .outputs = outputs};
}

TEST(Split, CutsEqualParts) {
  expect_outputs(split(ramp({2, 4}), -1, 2),
                 {floats({2, 2}, {0, 1, 4, 5}), floats({2, 2}, {2, 3, 6, 7})});
  expect_failure(split(ramp({5}), 0, 2), Status::ERROR_INVALID_MODEL, "2 equal parts");
}

TEST(Split, CutsStatedParts) {
  OpCase by_input = split(ramp({3}), 0, 3);
  by_input.inputs.push_back(int64s({3}, {1, 0, 2}));
  const std::vector<Tensor> expected = {floats({1}, {0}), floats({0}, {}), floats({2}, {1, 2})};
  expect_outputs(by_input, expected);
  OpCase by_attribute = split(ramp({3}), 0, 3);
  by_attribute.opset = 11;
  by_attribute.attributes["split"] = Ints{1, 0, 2};
  expect_outputs(by_attribute, expected);
}

TEST(Split, LetsTheLastOfNumOutputsBeSmaller) {
  OpCase test_case = split(ramp({5}), 0, 2);
  test_case.opset = 18;
  test_case.attributes["num_outputs"] = std::int64_t{2};
  expect_outputs(test_case, {floats({3}, {0, 1, 2}), floats({2}, {3, 4})});
  test_case.attributes["num_outputs"] = std::int64_t{3};
  expect_failure(test_case, Status::ERROR_INVALID_MODEL, "num_outputs is 3");
}

TEST(Split, RefusesPartsThatAreNotTheWhole) {
  for (const Ints& parts : {Ints{1, 1}, Ints{2, 2}, Ints{-1, 4}, Ints{3}, Ints{INT64_MAX, 4}}) {
    OpCase test_case = split(ramp({3}), 0, 2);
    test_case.inputs.push_back(int64s({static_cast<std::int64_t>(parts.size())}, parts));
    expect_failure(test_case, Status::ERROR_INVALID_MODEL, "split");
  }
}

OpCase slice(Tensor x, Ints starts, Ints ends, Ints axes = {}, Ints steps = {}) {
  const Shape shape{static_cast<std::int64_t>(starts.size())};
  return {.op = "Slice",
          .inputs = {std::move(x), int64s(shape, std::move(starts)), int64s(shape, std::move(ends)),
                     axes.empty() ? Tensor() : int64s(shape, std::move(axes)),
                     steps.empty() ? Tensor() : int64s(shape, std::move(steps))}};
}

TEST(Slice, KeepsAWindow) {
  expect_output(slice(ramp({2, 4}), {1, 0}, {2, 3}, {}, {1, 2}), floats({1, 2}, {4, 6}));
  expect_output(slice(ramp({2, 4}), {0, 1}, {-1, 1000}), floats({1, 3}, {1, 2, 3}));
  expect_output(slice(ramp({4}), {-2}, {INT64_MAX}, {-1}), floats({2}, {2, 3}));
}

TEST(Slice, WalksBackwards) {
  expect_output(slice(ramp({4}), {INT64_MAX}, {INT64_MIN}, {0}, {-1}), floats({4}, {3, 2, 1, 0}));
  expect_output(slice(ramp({5}), {20}, {0}, {0}, {-2}), floats({2}, {4, 2}));
  expect_output(slice(ramp({2, 2}), {-1}, {INT64_MIN}, {1}, {-1}), floats({2, 2}, {1, 0, 3, 2}));
}

TEST(Slice, TakesStepsOfAnySize) {
  expect_output(slice(ramp({4}), {1}, {4}, {0}, {INT64_MAX}), floats({1}, {1}));
  expect_output(slice(ramp({4}), {3}, {INT64_MIN}, {0}, {INT64_MIN}), floats({1}, {3}));
}

TEST(Slice, MayKeepNothing) {
  expect_output(slice(ramp({3, 2}), {3}, {1000}, {0}), floats({0, 2}, {}));
  expect_output(slice(ramp({3}), {2}, {1}, {0}), floats({0}, {}));
  expect_output(slice(floats({0}, {}), {0}, {5}, {0}, {-1}), floats({0}, {}));
}

TEST(Slice, ReadsAttributesBeforeOpset10) {
  expect_output({.op = "Slice",
                 .opset = 9,
                 .attributes = {{"starts", Ints{1}}, {"ends", Ints{-1}}, {"axes", Ints{1}}},
                 .inputs = {ramp({2, 4})}},
                floats({2, 2}, {1, 2, 5, 6}));
}

TEST(Slice, ReadsInt32Positions) {
  expect_output({.op = "Slice", .inputs = {ramp({4}), int32s({1}, {1}), int32s({1}, {-1})}},
                floats({2}, {1, 2}));
}

TEST(Slice, RefusesBadWindows) {
  expect_failure(slice(ramp({4}), {0}, {4}, {0}, {0}), Status::ERROR_INVALID_MODEL, "is 0");
  expect_failure(slice(ramp({4}), {0}, {4}, {1}), Status::ERROR_INVALID_MODEL, "axis 1");
  expect_failure(slice(ramp({4}), {0, 0}, {4, 4}, {0, -1}), Status::ERROR_INVALID_MODEL, "twice");
  expect_failure({.op = "Slice", .inputs = {ramp({4}), int64s({1}, {0}), int64s({2}, {1, 2})}},
                 Status::ERROR_INVALID_MODEL, "differ in length");
}

OpCase expand(Tensor x, Ints shape) {
  const auto rank = static_cast<std::int64_t>(shape.size());
  return {.op = "Expand", .inputs = {std::move(x), int64s({rank}, std::move(shape))}};
}

TEST(Expand, RepeatsUnitAxes) {
  expect_output(expand(ramp({2, 1}), {2, 3}), floats({2, 3}, {0, 0, 0, 1, 1, 1}));
  expect_output(expand(ramp({3, 1}), {2, 1, 2}),
                floats({2, 3, 2}, {0, 0, 1, 1, 2, 2, 0, 0, 1, 1, 2, 2}));
  expect_output(expand(ramp({3}), {1}), ramp({3}));
  expect_output(expand(floats({}, {7}), {2}), floats({2}, {7, 7}));
  expect_output(expand(ramp({1, 2}), {0, 2}), floats({0, 2}, {}));
}

TEST(Expand, RefusesOtherShapes) {
  expect_failure(expand(ramp({3}), {2}), Status::ERROR_INVALID_MODEL, "[2]");
  expect_failure(expand(ramp({1}), {-1}), Status::ERROR_INVALID_MODEL, "[-1]");
  expect_failure(expand(ramp({1, 1}), {INT64_MAX, INT64_MAX}), Status::ERROR_INVALID_MODEL,
                 "no size in bytes");
}

OpCase tile(Tensor x, Ints repeats) {
  const auto rank = static_cast<std::int64_t>(repeats.size());
  return {.op = "Tile", .inputs = {std::move(x), int64s({rank}, std::move(repeats))}};
}

TEST(Tile, RepeatsTheWhole) {
  expect_output(tile(ramp({2, 2}), {1, 2}), floats({2, 4}, {0, 1, 0, 1, 2, 3, 2, 3}));
  expect_output(tile(ramp({1, 2}), {3, 1}), floats({3, 2}, {0, 1, 0, 1, 0, 1}));
  expect_output(tile(ramp({2}), {0}), floats({0}, {}));
}

TEST(Tile, RefusesBadRepeats) {
  expect_failure(tile(ramp({2}), {1, 2}), Status::ERROR_INVALID_MODEL, "rank 1");
  expect_failure(tile(ramp({2}), {-1}), Status::ERROR_INVALID_MODEL, "-1 times");
  expect_failure(tile(ramp({2}), {INT64_MAX}), Status::ERROR_INVALID_MODEL, "times");
}

TEST(Movement, IsAViewWhenNothingMoves) {
  EXPECT_TRUE(is_view(transpose(ramp({1, 3, 1, 4}), {1, 0, 3, 2})));
  EXPECT_TRUE(is_view(concat({ramp({2})}, 0)));
  EXPECT_TRUE(is_view(concat({ramp({2}), floats({0}, {})}, 0)));
  EXPECT_TRUE(is_view(split(ramp({2}), 0, 1)));
  EXPECT_TRUE(is_view(slice(ramp({2, 3}), {0}, {INT64_MAX}, {1})));
  EXPECT_TRUE(is_view(expand(ramp({2, 3}), {1, 3})));
  EXPECT_TRUE(is_view(tile(ramp({2, 3}), {1, 1})));
}

TEST(Movement, IsNoViewOtherwise) {
  EXPECT_FALSE(is_view(transpose(ramp({2, 2}), {1, 0})));
  EXPECT_FALSE(is_view(concat({floats({0}, {}), ramp({2})}, 0)));
  EXPECT_FALSE(is_view(slice(ramp({3}), {INT64_MAX}, {INT64_MIN}, {0}, {-1})));
  EXPECT_FALSE(is_view(expand(ramp({1, 3}), {2, 3})));
}

TEST(Movement, LeavesAViewInPlaceAlone) {
  const OpCase test_case = transpose(ramp({1, 3}, 1, 5), {1, 0});
  EXPECT_EQ(run_in_place(test_case).as<float>()[2], 7.0f);
}

}  // namespace
}  // namespace mini_infer::test
