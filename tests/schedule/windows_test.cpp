#include "schedule/windows.h"

#include <gtest/gtest.h>

#include "cpu/evaluator.h"
#include "ops/infer.h"
#include "schedule/places.h"
#include "support/graph_builder.h"

// Which tensors lie inside others, and where.
namespace mini_infer::test {
namespace {

using core::Shape;
using graph::ValueId;
using ops::AliasKind;
using schedule::Schedule;
using schedule::ScheduleOptions;
using schedule::ValuePlace;

Schedule schedule_of(GraphBuilder& b, const ScheduleOptions& options = {}) {
  const core::Status inferred = ops::infer(b.graph(), cpu::evaluate);
  EXPECT_TRUE(inferred.ok()) << inferred.to_string();
  auto made = schedule::schedule(b.graph(), options);
  EXPECT_TRUE(made.ok()) << made.status().to_string();
  return made.value();
}

ValuePlace place_of(GraphBuilder& b, const Schedule& made, ValueId id) {
  return schedule::places(b.graph(), made.alias)[static_cast<std::size_t>(id)];
}

bool is_window(const Schedule& made, ValueId id) {
  return made.alias[static_cast<std::size_t>(id)].is_window();
}

ValueId concat(GraphBuilder& b, const std::vector<ValueId>& parts, std::int64_t axis = 0) {
  return b.op("Concat", parts, {{"axis", axis}});
}

TEST(Windows, PartsAreMadeWhereAConcatPutsThem) {
  GraphBuilder b;
  const ValueId x = b.input("x", {8});
  const ValueId left = b.op("Relu", {x});
  const ValueId right = b.op("Sigmoid", {x});
  const ValueId both = concat(b, {left, right});
  b.output(b.op("ReduceMax", {both}));
  const Schedule made = schedule_of(b);
  EXPECT_EQ(made.alias[static_cast<std::size_t>(right)].kind, AliasKind::kWindowOfOutput);
  EXPECT_EQ(place_of(b, made, left).root, both);
  EXPECT_EQ(place_of(b, made, left).offset, 0);
  EXPECT_EQ(place_of(b, made, right).offset, 32);
  EXPECT_EQ(place_of(b, made, right).pitch, 0);
}

TEST(Windows, OnlyOn16Bytes) {
  GraphBuilder b;
  const ValueId x = b.input("x", {7});
  const ValueId left = b.op("Relu", {x});
  const ValueId right = b.op("Sigmoid", {x});
  b.output(b.op("ReduceMax", {concat(b, {left, right})}));
  const Schedule made = schedule_of(b);
  EXPECT_TRUE(is_window(made, left));
  EXPECT_FALSE(is_window(made, right));
}

TEST(Windows, InputsOutputsAndConstantsOfTheGraphAreNone) {
  GraphBuilder b;
  const ValueId x = b.input("x", {8});
  const ValueId shown = b.op("Relu", {x});
  const ValueId fixed = b.constant(core::Tensor::allocate(core::DataType::kFloat32, {8}).value());
  b.output(b.op("ReduceMax", {concat(b, {x, shown, fixed})}));
  b.output(shown);
  const Schedule made = schedule_of(b);
  for (const ValueId id : {x, shown, fixed}) EXPECT_FALSE(is_window(made, id));
}

TEST(Windows, AnOutputInTheCallersBufferHoldsNone) {
  for (const bool staged : {true, false}) {
    GraphBuilder b;
    const ValueId x = b.input("x", {8});
    const ValueId left = b.op("Relu", {x});
    b.output(concat(b, {left, b.op("Sigmoid", {x})}));
    EXPECT_EQ(is_window(schedule_of(b, {.stage_outputs = staged}), left), staged);
  }
}

TEST(Windows, ATensorLiesInOneOther) {
  GraphBuilder b;
  const ValueId x = b.input("x", {8});
  const ValueId part = b.op("Relu", {x});
  const ValueId first = concat(b, {part, b.op("Sigmoid", {x})});
  const ValueId second = concat(b, {b.op("Tanh", {x}), part});
  b.output(b.op("ReduceMax", {first}));
  b.output(b.op("ReduceMax", {second}));
  const Schedule made = schedule_of(b);
  EXPECT_EQ(made.alias[static_cast<std::size_t>(part)].source, first);
}

TEST(Windows, LieInWindows) {
  GraphBuilder b;
  const ValueId x = b.input("x", {8});
  const ValueId inner = b.op("Sigmoid", {x});
  const ValueId middle = concat(b, {b.op("Relu", {x}), inner});
  const ValueId outer = concat(b, {b.op("Tanh", {x}), middle});
  b.output(b.op("ReduceMax", {outer}));
  b.output(b.op("ReduceMin", {middle}));
  const Schedule made = schedule_of(b);
  EXPECT_EQ(place_of(b, made, inner).root, outer);
  EXPECT_EQ(place_of(b, made, inner).offset, 64);
}

// Transposes read and write rows that lie apart; Sigmoid does not.
TEST(Windows, RowsLieApartOnlyWhereAllCanLiveWithIt) {
  for (const bool read_by_another : {false, true}) {
    GraphBuilder b;
    const ValueId x = b.input("x", {4, 8});
    const ValueId part = b.op("Transpose", {x});
    const ValueId other = b.op("Transpose", {b.op("Relu", {x})});
    const ValueId both = concat(b, {part, other}, 1);
    b.output(b.op("ReduceMax", {both}));
    if (read_by_another) b.output(b.op("Sigmoid", {part}));
    const Schedule made = schedule_of(b);
    EXPECT_EQ(is_window(made, part), !read_by_another);
    EXPECT_TRUE(is_window(made, other));
    EXPECT_EQ(place_of(b, made, other).offset, 16);
    EXPECT_EQ(place_of(b, made, other).pitch, 8);
  }
}

TEST(Windows, RowsApartAreNotSeenUnderAnotherShape) {
  GraphBuilder b;
  const ValueId x = b.input("x", {4, 8});
  const ValueId part = b.op("Transpose", {x});
  b.output(b.op("ReduceMax", {concat(b, {part, b.op("Transpose", {x})}, 1)}));
  b.output(b.op("ReduceMin", {b.op("Reshape", {part, b.int64s({32})})}));
  EXPECT_FALSE(is_window(schedule_of(b), part));
}

// The small half would keep all of its parent alive while the widest tensor is.
TEST(Windows, OneThatRaisesThePeakIsCopied) {
  for (const std::int64_t wide : {64, 8192}) {
    GraphBuilder b;
    const ValueId all = b.op("Relu", {b.input("x", {4096})});
    const auto parts = b.ops("Split", {all, b.int64s({4032, 64})}, 2, {{"axis", std::int64_t{0}}});
    const ValueId top = b.op("ReduceMax", {parts[0]});
    const ValueId spread = b.op("Relu", {b.op("Expand", {top, b.int64s({wide})})});
    b.output(b.op("Add", {b.op("ReduceMax", {spread}), parts[1]}));
    const Schedule made = schedule_of(b);
    EXPECT_EQ(is_window(made, parts[1]), wide == 64);
    EXPECT_LE(made.peak, made.peak_without_windows);
  }
}

TEST(Windows, OnlyOfTheKindsThatAreAllowed) {
  for (const bool allowed : {true, false}) {
    GraphBuilder b;
    const ValueId x = b.input("x", {64});
    const ValueId slice = b.op("Slice", {x, b.int64s({16}), b.int64s({32})});
    const ValueId joined = b.op("Sigmoid", {x});
    const auto parts = b.ops("Split", {x, b.int64s({32, 32})}, 2, {{"axis", std::int64_t{0}}});
    for (const ValueId id : {slice, concat(b, {joined, b.op("Tanh", {x})}), parts[0], parts[1]}) {
      b.output(b.op("ReduceMax", {id}));
    }
    const Schedule made = schedule_of(
        b, {.slice_windows = allowed, .split_windows = !allowed, .concat_windows = allowed});
    EXPECT_EQ(is_window(made, slice), allowed);
    EXPECT_EQ(is_window(made, parts[0]), !allowed);
    EXPECT_EQ(is_window(made, joined), allowed);
  }
}

// What a step overwrites is all of a content, never a part of one.
TEST(Windows, PartsAreNotOverwritten) {
  GraphBuilder b;
  const ValueId all = b.op("Relu", {b.input("x", {64})});
  const auto parts = b.ops("Split", {all, b.int64s({32, 32})}, 2, {{"axis", std::int64_t{0}}});
  const ValueId changed = b.op("Relu", {parts[0]});
  b.output(b.op("Add", {changed, parts[1]}));
  const Schedule made = schedule_of(b);
  EXPECT_TRUE(is_window(made, parts[0]));
  EXPECT_EQ(made.alias[static_cast<std::size_t>(changed)].kind, AliasKind::kNone);
}

}  // namespace
}  // namespace mini_infer::test
