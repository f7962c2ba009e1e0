#include <gtest/gtest.h>

#include <limits>

#include "cpu/evaluator.h"
#include "ops/infer.h"
#include "ops/op_case.h"

namespace mini_infer::test {
namespace {

using core::DataType;
using core::Shape;
using core::Status;
using core::Tensor;
using Ints = std::vector<std::int64_t>;

OpCase shape_of(Shape shape, std::int64_t start, std::int64_t end) {
  return {.op = "Shape",
          .attributes = {{"start", start}, {"end", end}},
          .inputs = {ramp(std::move(shape))}};
}

TEST(ShapeOp, YieldsExtents) {
  expect_output({.op = "Shape", .inputs = {ramp({2, 3, 4})}}, int64s({3}, {2, 3, 4}));
  expect_output({.op = "Shape", .inputs = {ramp({})}}, int64s({0}, {}));
  expect_output(shape_of({2, 3, 4}, 1, 2), int64s({1}, {3}));
  expect_output(shape_of({2, 3, 4}, -1, INT64_MAX), int64s({1}, {4}));
  expect_output(shape_of({2, 3, 4}, INT64_MIN, -1), int64s({2}, {2, 3}));
  expect_output(shape_of({2, 3, 4}, 2, 1), int64s({0}, {}));
}

TEST(ShapeOp, IsKnownWithoutTheBytes) {
  graph::Graph graph = graph_of({.op = "Shape", .inputs = {ramp({2, 3})}});
  ASSERT_TRUE(ops::infer(graph, cpu::evaluate).ok());
  EXPECT_TRUE(graph.value(graph.outputs[0]).is_constant());
}

TEST(Size, CountsElements) {
  expect_output({.op = "Size", .inputs = {ramp({2, 3})}}, int64s({}, {6}));
  expect_output({.op = "Size", .inputs = {ramp({})}}, int64s({}, {1}));
  expect_output({.op = "Size", .inputs = {ramp({2, 0})}}, int64s({}, {0}));
}

TEST(ConstantOfShape, RepeatsItsValue) {
  expect_output({.op = "ConstantOfShape",
                 .attributes = {{"value", int32s({1}, {7})}},
                 .inputs = {int64s({2}, {1, 2})}},
                int32s({1, 2}, {7, 7}));
  expect_output({.op = "ConstantOfShape",
                 .attributes = {{"value", bools({1}, {true})}},
                 .inputs = {int64s({0}, {})}},
                bools({}, {true}));
}

TEST(ConstantOfShape, IsZeroByDefault) {
  expect_output({.op = "ConstantOfShape", .inputs = {int64s({1}, {2})}}, floats({2}, {0, 0}));
  expect_output({.op = "ConstantOfShape", .inputs = {int64s({2}, {0, 3})}}, floats({0, 3}, {}));
}

TEST(ConstantOfShape, RefusesBadShapes) {
  expect_failure({.op = "ConstantOfShape", .inputs = {int64s({1}, {-1})}},
                 Status::ERROR_INVALID_MODEL, "[-1]");
  expect_failure({.op = "ConstantOfShape", .inputs = {int64s({2}, {INT64_MAX, INT64_MAX})}},
                 Status::ERROR_INVALID_MODEL, "no size in bytes");
  expect_failure({.op = "ConstantOfShape",
                  .attributes = {{"value", int32s({2}, {7, 8})}},
                  .inputs = {int64s({1}, {1})}},
                 Status::ERROR_INVALID_MODEL, "one element");
}

OpCase range(Tensor start, Tensor limit, Tensor delta) {
  return {.op = "Range", .inputs = {std::move(start), std::move(limit), std::move(delta)}};
}
OpCase range(std::int64_t start, std::int64_t limit, std::int64_t delta) {
  return range(int64s({}, {start}), int64s({}, {limit}), int64s({}, {delta}));
}
OpCase range(float start, float limit, float delta) {
  return range(floats({}, {start}), floats({}, {limit}), floats({}, {delta}));
}

TEST(Range, Counts) {
  expect_output(range(std::int64_t{3}, 9, 3), int64s({2}, {3, 6}));
  expect_output(range(std::int64_t{10}, 4, -2), int64s({3}, {10, 8, 6}));
  expect_output(range(std::int64_t{1}, 1, 1), int64s({0}, {}));
  expect_output(range(std::int64_t{1}, 0, 1), int64s({0}, {}));
  expect_output(range(1.0f, 2.1f, 0.5f), floats({3}, {1, 1.5f, 2}));
  expect_output(range(0.0f, -1.0f, 0.5f), floats({0}, {}));
  expect_output(range(int32s({}, {5}), int32s({}, {0}), int32s({}, {-3})), int32s({2}, {5, 2}));
}

TEST(Range, TakesTheWidestSteps) {
  expect_output(range(INT64_MIN, INT64_MAX, INT64_MAX),
                int64s({3}, {INT64_MIN, -1, INT64_MAX - 1}));
  expect_output(range(INT64_MAX, INT64_MIN, INT64_MIN), int64s({2}, {INT64_MAX, -1}));
}

TEST(Range, RefusesRangesWithoutEnd) {
  expect_failure(range(std::int64_t{0}, 1, 0), Status::ERROR_INVALID_MODEL, "delta is 0");
  expect_failure(range(INT64_MIN, INT64_MAX, 1), Status::ERROR_INVALID_MODEL, "no size in bytes");
  const float infinity = std::numeric_limits<float>::infinity();
  expect_failure(range(0.0f, infinity, 1.0f), Status::ERROR_INVALID_MODEL, "no end");
  expect_failure(range(std::numeric_limits<float>::quiet_NaN(), 1.0f, 1.0f),
                 Status::ERROR_INVALID_MODEL, "no end");
  expect_failure(range(floats({}, {0}), int64s({}, {1}), floats({}, {1})),
                 Status::ERROR_INVALID_MODEL, "int64");
}

TEST(EyeLike, SetsADiagonal) {
  expect_output({.op = "EyeLike", .inputs = {ramp({2, 3})}}, floats({2, 3}, {1, 0, 0, 0, 1, 0}));
  expect_output({.op = "EyeLike",
                 .attributes = {{"k", std::int64_t{-1}}, {"dtype", std::int64_t{7}}},
                 .inputs = {ramp({3, 2})}},
                int64s({3, 2}, {0, 0, 1, 0, 0, 1}));
  expect_output({.op = "EyeLike", .attributes = {{"k", INT64_MAX}}, .inputs = {ramp({2, 2})}},
                ramp({2, 2}, 0));
  expect_output({.op = "EyeLike", .attributes = {{"k", INT64_MIN}}, .inputs = {ramp({2, 2})}},
                ramp({2, 2}, 0));
}

TEST(EyeLike, RefusesBadInputs) {
  expect_failure({.op = "EyeLike", .inputs = {ramp({2})}}, Status::ERROR_INVALID_MODEL, "[2]");
  expect_failure(
      {.op = "EyeLike", .attributes = {{"dtype", std::int64_t{14}}}, .inputs = {ramp({2, 2})}},
      Status::ERROR_UNSUPPORTED, "complex64");
}

}  // namespace
}  // namespace mini_infer::test
