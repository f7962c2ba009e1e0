#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "ops/op_case.h"

namespace mini_infer::test {
namespace {

using core::DataType;
using core::Shape;
using core::Status;
using core::Tensor;
using Ints = std::vector<std::int64_t>;

const float kInf = std::numeric_limits<float>::infinity();
const float kNan = std::numeric_limits<float>::quiet_NaN();

OpCase reduce(const std::string& op, Tensor x, Ints axes, std::int64_t keepdims = 1) {
  const auto count = static_cast<std::int64_t>(axes.size());
  return {.op = op,
          .opset = 18,
          .attributes = {{"keepdims", keepdims}},
          .inputs = {std::move(x), int64s({count}, std::move(axes))}};
}

TEST(Reduce, GoesOverTheNamedAxes) {
  const auto x = ramp({2, 3, 2});  // 0 1 | 2 3 | 4 5 || 6 7 | 8 9 | 10 11
  expect_output(reduce("ReduceSum", x, {1}), floats({2, 1, 2}, {6, 9, 24, 27}));
  expect_output(reduce("ReduceSum", x, {-1, 0}, 0), floats({3}, {14, 22, 30}));
  expect_output(reduce("ReduceSum", x, {0}, 0), floats({3, 2}, {6, 8, 10, 12, 14, 16}));
  expect_output(reduce("ReduceSum", x, {2}), floats({2, 3, 1}, {1, 5, 9, 13, 17, 21}));
  expect_output(reduce("ReduceSum", x, {0, 2}), floats({1, 3, 1}, {14, 22, 30}));
  expect_output(reduce("ReduceSum", x, {0, 1, 2}, 0), floats({}, {66}));
}

TEST(Reduce, GoesOverAllAxesWhenNoneIsNamed) {
  expect_output({.op = "ReduceSum", .inputs = {ramp({2, 3})}}, floats({1, 1}, {15}));
  expect_output(reduce("ReduceSum", ramp({2, 3}), {}), floats({1, 1}, {15}));
  expect_output({.op = "ReduceMean", .inputs = {floats({}, {7})}}, floats({}, {7}));
}

TEST(Reduce, GoesOverNoneWhenToldSo) {
  OpCase test_case = reduce("ReduceSumSquare", floats({2}, {2, 3}), {});
  test_case.attributes["noop_with_empty_axes"] = std::int64_t{1};
  expect_output(test_case, floats({2}, {4, 9}));
  test_case.op = "ReduceSum";
  expect_output(test_case, floats({2}, {2, 3}));
}

TEST(Reduce, ReadsAxesFromTheAttributeOfOldOpsets) {
  expect_output({.op = "ReduceMean",
                 .opset = 11,
                 .attributes = {{"axes", Ints{-1}}, {"keepdims", std::int64_t{0}}},
                 .inputs = {ramp({2, 2})}},
                floats({2}, {0.5f, 2.5f}));
}

TEST(Reduce, ComputesEachOperation) {
  const auto x = floats({4}, {1, -2, 3, -4});
  const auto expect = [&](const char* op, float expected) {
    expect_output(reduce(op, x, {0}), floats({1}, {expected}));
  };
  expect("ReduceSum", -2);
  expect("ReduceMean", -0.5f);
  expect("ReduceMax", 3);
  expect("ReduceMin", -4);
  expect("ReduceProd", 24);
  expect("ReduceL1", 10);
  expect("ReduceL2", std::sqrt(30.0f));
  expect("ReduceSumSquare", 30);
  expect("ReduceLogSumExp",
         std::log(std::exp(1.0f) + std::exp(-2.0f) + std::exp(3.0f) + std::exp(-4.0f)));
  expect_output(reduce("ReduceLogSum", floats({2}, {1, 3}), {0}), floats({1}, {std::log(4.0f)}));
}

TEST(Reduce, LogSumExpDoesNotOverflow) {
  const auto expect = [](std::vector<float> x, float expected) {
    const auto count = static_cast<std::int64_t>(x.size());
    expect_output(reduce("ReduceLogSumExp", floats({count}, std::move(x)), {0}),
                  floats({1}, {expected}));
  };
  expect({1000, 1000}, 1000 + std::log(2.0f));
  expect({-1000, -1000}, -1000 + std::log(2.0f));
  expect({-kInf, 5}, 5);
  expect({-kInf, -kInf}, -kInf);
  expect({kInf, kInf, 1}, kInf);
  expect({kNan, 1}, kNan);
}

TEST(Reduce, AddsUpAccurately) {
  const Shape shape{1 << 20};
  expect_output(reduce("ReduceSum", ramp(shape, 0, 0.1f), {0}), floats({1}, {104857.6f}));
  auto sum = run(reduce("ReduceSum", ramp({1 << 20, 2}, 0, 0.1f), {0}, 0));
  ASSERT_TRUE(sum.ok());
  EXPECT_FLOAT_EQ(sum.value()[0].as<float>()[1], 104857.6f);
}

TEST(Reduce, ReachesMoreElementsThanItTakesAtOnce) {
  auto rows = run(reduce("ReduceMax", ramp({3, 41, 2}), {1, 2}, 0));
  ASSERT_TRUE(rows.ok());
  EXPECT_EQ(rows.value()[0].as<float>()[2], 245.0f);
  auto lanes = run(reduce("ReduceMin", ramp({3, 41}), {0}, 0));
  ASSERT_TRUE(lanes.ok());
  EXPECT_EQ(lanes.value()[0].as<float>()[40], 40.0f);
}

TEST(Reduce, PassesNanOn) {
  expect_output(reduce("ReduceMax", floats({3}, {1, kNan, 2}), {0}), floats({1}, {kNan}));
  expect_output(reduce("ReduceMin", floats({2, 1}, {kNan, 1}), {0}), floats({1, 1}, {kNan}));
}

TEST(Reduce, YieldsTheIdentityForNoElement) {
  const auto none = floats({2, 0}, {});
  const auto expect = [&](const char* op, float expected) {
    expect_output(reduce(op, none, {1}, 0), floats({2}, {expected, expected}));
  };
  expect("ReduceSum", 0);
  expect("ReduceProd", 1);
  expect("ReduceMax", -kInf);
  expect("ReduceMin", kInf);
  expect("ReduceL1", 0);
  expect("ReduceL2", 0);
  expect("ReduceSumSquare", 0);
  expect("ReduceLogSum", -kInf);
  expect("ReduceLogSumExp", -kInf);
  expect_output(reduce("ReduceMax", int32s({0}, {}), {0}), int32s({1}, {INT32_MIN}));
  expect_output(reduce("ReduceMin", bools({0}, {}), {0}), bools({1}, {true}));
  expect_output(reduce("ReduceSum", none, {0}, 0), floats({0}, {}));
}

TEST(Reduce, ServesIntegers) {
  expect_output(reduce("ReduceSum", int64s({2}, {INT64_MAX, 1}), {0}), int64s({1}, {INT64_MIN}));
  expect_output(reduce("ReduceMean", int32s({2}, {-4, 1}), {0}), int32s({1}, {-1}));
  expect_output(reduce("ReduceProd", int32s({3}, {-2, 3, 4}), {0}), int32s({1}, {-24}));
  expect_output(reduce("ReduceL1", int64s({2}, {-3, 4}), {0}), int64s({1}, {7}));
  expect_output(reduce("ReduceL2", int32s({2}, {-3, 4}), {0}), int32s({1}, {5}));
}

TEST(Reduce, ServesBytesAndBools) {
  const std::int8_t bytes[] = {-3, 4};
  const std::int8_t least[] = {-3};
  expect_output(reduce("ReduceMin", Tensor::from<std::int8_t>(DataType::kInt8, {2}, bytes), {0}),
                Tensor::from<std::int8_t>(DataType::kInt8, {1}, least));
  expect_output(reduce("ReduceMax", bools({2, 2}, {false, true, false, false}), {1}, 0),
                bools({2}, {true, false}));
  expect_output(reduce("ReduceMin", bools({2, 2}, {true, true, false, true}), {1}, 0),
                bools({2}, {true, false}));
}

TEST(Reduce, ComputesHalvesInFloat) {
  const std::uint16_t halves[] = {0x6800, 0x3C00, 0x3C00};  // 2048, 1, 1
  const std::uint16_t sum[] = {0x6801};                     // 2050
  expect_output(
      reduce("ReduceSum", Tensor::from<std::uint16_t>(DataType::kFloat16, {3}, halves), {0}),
      Tensor::from<std::uint16_t>(DataType::kFloat16, {1}, sum));
}

TEST(Reduce, RefusesBadInputs) {
  expect_failure(reduce("ReduceSum", ramp({2}), {1}), Status::ERROR_INVALID_MODEL, "axis 1");
  expect_failure(reduce("ReduceSum", ramp({2}), {0, -1}), Status::ERROR_INVALID_MODEL, "twice");
  expect_failure(reduce("ReduceSum", bools({1}, {true}), {0}), Status::ERROR_UNSUPPORTED, "bool");
}

OpCase arg(const char* op, Tensor x, std::int64_t axis, std::int64_t last = 0) {
  return {.op = op,
          .attributes = {{"axis", axis}, {"select_last_index", last}},
          .inputs = {std::move(x)}};
}

TEST(ArgReduce, NamesTheExtreme) {
  const auto x = floats({2, 3}, {2, 9, 1, 7, 3, 8});
  expect_output(arg("ArgMax", x, 1), int64s({2, 1}, {1, 2}));
  expect_output(arg("ArgMax", x, 0), int64s({1, 3}, {1, 0, 1}));
  expect_output(arg("ArgMin", x, -1), int64s({2, 1}, {2, 1}));
  OpCase pruned = arg("ArgMin", x, 0);
  pruned.attributes["keepdims"] = std::int64_t{0};
  expect_output(pruned, int64s({3}, {0, 1, 0}));
  expect_output({.op = "ArgMax", .inputs = {int32s({2}, {1, 5})}}, int64s({1}, {1}));
}

TEST(ArgReduce, NamesTheFirstOrTheLastOfEquals) {
  const auto x = floats({4}, {1, 5, 5, 1});
  expect_output(arg("ArgMax", x, 0), int64s({1}, {1}));
  expect_output(arg("ArgMax", x, 0, 1), int64s({1}, {2}));
  expect_output(arg("ArgMin", x, 0), int64s({1}, {0}));
  expect_output(arg("ArgMin", x, 0, 1), int64s({1}, {3}));
}

TEST(ArgReduce, NamesNanBeforeNumbers) {
  const auto x = floats({4}, {1, kNan, 9, kNan});
  expect_output(arg("ArgMax", x, 0), int64s({1}, {1}));
  expect_output(arg("ArgMin", x, 0), int64s({1}, {1}));
  expect_output(arg("ArgMax", x, 0, 1), int64s({1}, {3}));
}

TEST(ArgReduce, ReachesMoreLanesThanItTakesAtOnce) {
  auto places = run(arg("ArgMax", ramp({2, 3, 70}), 1));
  ASSERT_TRUE(places.ok());
  for (std::int64_t place : places.value()[0].as<std::int64_t>()) EXPECT_EQ(place, 2);
}

TEST(ArgReduce, HandlesEmptyTensors) {
  expect_output(arg("ArgMax", floats({0, 3}, {}), 1), int64s({0, 1}, {}));
  expect_failure(arg("ArgMax", floats({0, 3}, {}), 0), Status::ERROR_INVALID_MODEL, "[0,3]");
  expect_failure(arg("ArgMax", ramp({2}), 1), Status::ERROR_INVALID_MODEL, "axis 1");
}

}  // namespace
}  // namespace mini_infer::test
