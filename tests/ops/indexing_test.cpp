#include <gtest/gtest.h>

#include <limits>

#include "ops/alias_case.h"
#include "ops/op_case.h"

namespace mini_infer::test {
namespace {

using core::DataType;
using core::Shape;
using core::Status;
using core::Tensor;

OpCase gather(Tensor data, Tensor indices, std::int64_t axis = 0) {
  return {.op = "Gather",
          .attributes = {{"axis", axis}},
          .inputs = {std::move(data), std::move(indices)}};
}

TEST(Gather, TakesSlices) {
  expect_output(gather(ramp({3, 2}), int64s({2}, {2, 0})), floats({2, 2}, {4, 5, 0, 1}));
  expect_output(gather(ramp({2, 3}), int32s({1, 2}, {2, 1}), 1), floats({2, 1, 2}, {2, 1, 5, 4}));
  expect_output(gather(ramp({2, 3}), int64s({}, {1}), -1), floats({2}, {1, 4}));
}

TEST(Gather, CountsNegativeIndicesFromTheEnd) {
  expect_output(gather(int64s({3}, {7, 8, 9}), int64s({2}, {-1, -3})), int64s({2}, {9, 7}));
}

TEST(Gather, TakesNothing) {
  expect_output(gather(ramp({3, 2}), int64s({0}, {})), floats({0, 2}, {}));
  expect_output(gather(floats({3, 0}, {}), int64s({2}, {0, 2})), floats({2, 0}, {}));
}

TEST(Gather, NeverReadsOutside) {
  expect_failure(gather(ramp({3, 2}), int64s({2}, {0, 3})), Status::ERROR_RUNTIME,
                 "index 3 is outside an axis of extent 3");
  expect_failure(gather(ramp({3}), int32s({1}, {-4})), Status::ERROR_RUNTIME, "index -4");
  expect_failure(gather(floats({0}, {}), int64s({1}, {0})), Status::ERROR_RUNTIME, "extent 0");
  expect_failure(gather(ramp({3}), int64s({1}, {INT64_MIN})), Status::ERROR_RUNTIME, "outside");
}

TEST(Gather, RefusesBadInputs) {
  expect_failure(gather(ramp({3}), floats({1}, {0})), Status::ERROR_INVALID_MODEL, "float32");
  expect_failure(gather(ramp({}), int64s({1}, {0})), Status::ERROR_INVALID_MODEL, "rank 0");
  expect_failure(gather(ramp({3}), int64s({1}, {0}), 1), Status::ERROR_INVALID_MODEL, "axis 1");
}

OpCase gather_elements(Tensor data, Tensor indices, std::int64_t axis) {
  return {.op = "GatherElements",
          .attributes = {{"axis", axis}},
          .inputs = {std::move(data), std::move(indices)}};
}

TEST(GatherElements, TakesElements) {
  expect_output(gather_elements(ramp({2, 2}), int64s({2, 2}, {0, 0, 1, 0}), 1),
                floats({2, 2}, {0, 0, 3, 2}));
  expect_output(gather_elements(ramp({3, 3}), int32s({2, 2}, {-1, 0, 0, -2}), 0),
                floats({2, 2}, {6, 1, 0, 4}));
  expect_output(gather_elements(ramp({2, 3, 2}), int64s({1, 4, 2}, {0, 1, 2, 0, 1, 1, 2, 2}), 1),
                floats({1, 4, 2}, {0, 3, 4, 1, 2, 3, 4, 5}));
}

TEST(GatherElements, RefusesWhatDoesNotFit) {
  expect_failure(gather_elements(ramp({2, 2}), int64s({1, 1}, {2}), 1), Status::ERROR_RUNTIME,
                 "index 2");
  expect_failure(gather_elements(ramp({2, 2}), int64s({3, 1}, {0, 0, 0}), 1),
                 Status::ERROR_INVALID_MODEL, "[3,1]");
  expect_failure(gather_elements(ramp({2, 2}), int64s({1}, {0}), 0), Status::ERROR_INVALID_MODEL,
                 "[1]");
}

OpCase scatter_nd(Tensor data, Tensor indices, Tensor updates, std::string reduction = "none") {
  return {.op = "ScatterND",
          .attributes = {{"reduction", std::move(reduction)}},
          .inputs = {std::move(data), std::move(indices), std::move(updates)}};
}

TEST(ScatterND, WritesElementsAndSlices) {
  expect_output(scatter_nd(ramp({4}), int64s({2, 1}, {3, -4}), floats({2}, {9, 8})),
                floats({4}, {8, 1, 2, 9}));
  expect_output(scatter_nd(ramp({2, 2}), int64s({1, 1}, {1}), floats({1, 2}, {9, 8})),
                floats({2, 2}, {0, 1, 9, 8}));
  expect_output(scatter_nd(ramp({2, 2}), int64s({2}, {1, 0}), floats({}, {9})),
                floats({2, 2}, {0, 1, 9, 3}));
  expect_output(scatter_nd(ramp({2}), int64s({0, 1}, {}), floats({0}, {})), ramp({2}));
}

TEST(ScatterND, CombinesWithWhatIsThere) {
  const auto indices = int64s({3, 1}, {1, 1, 0});
  const auto updates = floats({3}, {5, -7, 2});
  expect_output(scatter_nd(floats({2}, {1, 3}), indices, updates, "add"), floats({2}, {3, 1}));
  expect_output(scatter_nd(floats({2}, {1, 3}), indices, updates, "mul"), floats({2}, {2, -105}));
  expect_output(scatter_nd(floats({2}, {1, 3}), indices, updates, "max"), floats({2}, {2, 5}));
  expect_output(scatter_nd(floats({2}, {1, 3}), indices, updates, "min"), floats({2}, {1, -7}));
  expect_output(scatter_nd(int32s({1}, {INT32_MAX}), int64s({1, 1}, {0}), int32s({1}, {1}), "add"),
                int32s({1}, {INT32_MIN}));
}

TEST(ScatterND, MayOverwriteItsData) {
  expect_overwrites(scatter_nd(ramp({3}), int64s({1, 1}, {1}), floats({1}, {9})),
                    floats({3}, {0, 9, 2}));
}

TEST(ScatterND, RefusesWhatDoesNotFit) {
  expect_failure(scatter_nd(ramp({4}), int64s({1, 1}, {4}), floats({1}, {9})),
                 Status::ERROR_RUNTIME, "index 4");
  expect_failure(scatter_nd(ramp({4}), int64s({1, 1}, {0}), floats({2}, {9, 9})),
                 Status::ERROR_INVALID_MODEL, "expected shape [1], found [2]");
  expect_failure(scatter_nd(ramp({4}), int64s({1, 2}, {0, 0}), floats({1}, {9})),
                 Status::ERROR_INVALID_MODEL, "2 axes");
  expect_failure(scatter_nd(ramp({4}), int32s({1, 1}, {0}), floats({1}, {9})),
                 Status::ERROR_INVALID_MODEL, "expected int64");
  expect_failure(scatter_nd(ramp({4}), int64s({1, 1}, {0}), floats({1}, {9}), "sub"),
                 Status::ERROR_INVALID_MODEL, "'sub'");
}

OpCase one_hot(Tensor indices, Tensor depth, std::int64_t axis = -1) {
  return {.op = "OneHot",
          .attributes = {{"axis", axis}},
          .inputs = {std::move(indices), std::move(depth), floats({2}, {-1, 1})}};
}

TEST(OneHot, MarksPlaces) {
  expect_output(one_hot(int64s({2}, {1, 0}), int64s({}, {3})),
                floats({2, 3}, {-1, 1, -1, 1, -1, -1}));
  expect_output(one_hot(int64s({2}, {1, 0}), int64s({1}, {3}), 0),
                floats({3, 2}, {-1, 1, 1, -1, -1, -1}));
  expect_output(one_hot(int64s({}, {1}), int64s({}, {2})), floats({2}, {-1, 1}));
}

TEST(OneHot, CountsNegativeIndicesFromTheEnd) {
  const OpCase test_case = one_hot(int64s({2}, {-1, -2}), int64s({}, {2}));
  expect_output(test_case, floats({2, 2}, {-1, 1, 1, -1}));
  OpCase before = test_case;
  before.opset = 9;
  expect_output(before, floats({2, 2}, {-1, -1, -1, -1}));
}

TEST(OneHot, MarksNothingForAnIndexOutside) {
  expect_output(one_hot(int64s({4}, {2, -3, INT64_MAX, INT64_MIN}), int64s({}, {2})),
                floats({4, 2}, {-1, -1, -1, -1, -1, -1, -1, -1}));
}

TEST(OneHot, CutsFractionsOff) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  expect_output(one_hot(floats({3}, {1.9f, nan, 1e30f}), floats({}, {2.0f})),
                floats({3, 2}, {-1, 1, -1, -1, -1, -1}));
}

TEST(OneHot, RefusesBadInputs) {
  expect_failure(one_hot(int64s({1}, {0}), int64s({}, {-1})), Status::ERROR_INVALID_MODEL,
                 "no size in bytes");
  expect_failure(one_hot(int64s({1}, {0}), floats({}, {1e30f})), Status::ERROR_INVALID_MODEL,
                 "count");
  expect_failure(one_hot(int64s({1}, {0}), int64s({2}, {1, 1})), Status::ERROR_INVALID_MODEL,
                 "one element");
  expect_failure(one_hot(int64s({1}, {0}), int64s({}, {1}), 2), Status::ERROR_INVALID_MODEL,
                 "axis 2");
}

OpCase trilu(Tensor x, std::int64_t upper, std::int64_t k) {
  return {
      .op = "Trilu", .attributes = {{"upper", upper}}, .inputs = {std::move(x), int64s({}, {k})}};
}

TEST(Trilu, KeepsATriangle) {
  const auto x = ramp({2, 3}, 1, 1);
  expect_output(trilu(x, 1, 0), floats({2, 3}, {1, 2, 3, 0, 5, 6}));
  expect_output(trilu(x, 1, 1), floats({2, 3}, {0, 2, 3, 0, 0, 6}));
  expect_output(trilu(x, 0, 0), floats({2, 3}, {1, 0, 0, 4, 5, 0}));
  expect_output(trilu(x, 0, -1), floats({2, 3}, {0, 0, 0, 4, 0, 0}));
  expect_output({.op = "Trilu", .inputs = {ramp({2, 2, 1}, 1, 1)}},
                floats({2, 2, 1}, {1, 0, 3, 0}));
  expect_output(trilu(floats({0, 3}, {}), 1, 0), floats({0, 3}, {}));
}

TEST(Trilu, TakesAnyDiagonal) {
  const auto x = ramp({2, 2}, 1, 1);
  expect_output(trilu(x, 1, INT64_MIN), x);
  expect_output(trilu(x, 1, INT64_MAX), ramp({2, 2}, 0));
  expect_output(trilu(x, 0, INT64_MIN), ramp({2, 2}, 0));
  expect_output(trilu(x, 0, INT64_MAX), x);
}

TEST(Trilu, MayOverwrite) {
  expect_overwrites(trilu(ramp({2, 2}, 1, 1), 0, 0), floats({2, 2}, {1, 0, 3, 4}));
}

TEST(Trilu, NeedsMatrices) {
  expect_failure(trilu(ramp({2}), 1, 0), Status::ERROR_INVALID_MODEL, "[2]");
}

OpCase cum_sum(Tensor x, std::int64_t axis, std::int64_t exclusive = 0, std::int64_t reverse = 0) {
  return {.op = "CumSum",
          .attributes = {{"exclusive", exclusive}, {"reverse", reverse}},
          .inputs = {std::move(x), int64s({}, {axis})}};
}

TEST(CumSum, AddsUp) {
  const auto x = floats({3}, {1, 2, 3});
  expect_output(cum_sum(x, 0), floats({3}, {1, 3, 6}));
  expect_output(cum_sum(x, 0, 1), floats({3}, {0, 1, 3}));
  expect_output(cum_sum(x, 0, 0, 1), floats({3}, {6, 5, 3}));
  expect_output(cum_sum(x, -1, 1, 1), floats({3}, {5, 3, 0}));
  expect_output(cum_sum(int32s({2, 2}, {1, 2, 3, 4}), 0), int32s({2, 2}, {1, 2, 4, 6}));
  expect_output(cum_sum(int32s({2, 2}, {1, 2, 3, 4}), 1), int32s({2, 2}, {1, 3, 3, 7}));
  expect_output(cum_sum(floats({2, 0}, {}), 1), floats({2, 0}, {}));
}

TEST(CumSum, ReachesMoreLanesThanItTakesAtOnce) {
  auto sums = run(cum_sum(ramp({2, 2, 70}), 1));
  ASSERT_TRUE(sums.ok());
  EXPECT_EQ(sums.value()[0].as<float>()[279], 279.0f + 209.0f);
}

TEST(CumSum, MayOverwrite) {
  expect_overwrites(cum_sum(floats({3}, {1, 2, 3}), 0, 1), floats({3}, {0, 1, 3}));
  expect_overwrites(cum_sum(floats({2, 2}, {1, 2, 3, 4}), 0, 1, 1), floats({2, 2}, {3, 4, 0, 0}));
}

TEST(CumSum, RefusesBadInputs) {
  expect_failure(cum_sum(ramp({3}), 1), Status::ERROR_INVALID_MODEL, "axis 1");
  expect_failure(cum_sum(bools({1}, {true}), 0), Status::ERROR_UNSUPPORTED, "bool");
}

}  // namespace
}  // namespace mini_infer::test
