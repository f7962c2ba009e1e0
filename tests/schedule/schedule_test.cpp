#include "schedule/schedule.h"

#include <gtest/gtest.h>

#include "cpu/evaluator.h"
#include "ops/infer.h"
#include "schedule/liveness_analyzer.h"
#include "support/graph_builder.h"

namespace mini_infer::test {
namespace {

using graph::ValueId;
using ops::AliasKind;
using runtime::Liveness;
using runtime::LivenessAnalyzer;
using schedule::Schedule;
using schedule::ScheduleOptions;

Schedule plan_order(GraphBuilder& b, ScheduleOptions options = {}) {
  const core::Status inferred = ops::infer(b.graph(), cpu::evaluate);
  EXPECT_TRUE(inferred.ok()) << inferred.message();
  auto made = schedule::schedule(b.graph(), options);
  EXPECT_TRUE(made.ok()) << made.status().message();
  return made.value();
}

AliasKind alias_of(const Schedule& made, ValueId id) {
  return made.alias[static_cast<std::size_t>(id)].kind;
}

TEST(Schedule, AResultTakesTheBytesOfAnInputReadForTheLastTime) {
  GraphBuilder b;
  const ValueId x = b.input("x", {8});
  const ValueId a = b.op("Relu", {x});
  const ValueId y = b.op("Sigmoid", {a});
  b.output(y);
  const Schedule made = plan_order(b);
  EXPECT_EQ(alias_of(made, a), AliasKind::kOverwrite);
  EXPECT_EQ(alias_of(made, y), AliasKind::kOverwrite);
}

TEST(Schedule, AnInputReadAgainLaterIsNotOverwritten) {
  GraphBuilder b;
  const ValueId x = b.input("x", {8});
  const ValueId a = b.op("Relu", {x});
  const ValueId sum = b.op("Add", {a, x});
  b.output(sum);
  const Schedule made = plan_order(b);
  EXPECT_EQ(alias_of(made, a), AliasKind::kNone);
  EXPECT_EQ(alias_of(made, sum), AliasKind::kOverwrite);
}

TEST(Schedule, AGraphOutputThatIsReadIsNotOverwritten) {
  GraphBuilder b;
  const ValueId x = b.input("x", {8});
  const ValueId a = b.op("Relu", {x});
  const ValueId y = b.op("Sigmoid", {a});
  b.output(a);
  b.output(y);
  EXPECT_EQ(alias_of(plan_order(b), y), AliasKind::kNone);
}

TEST(Schedule, AViewKeepsItsSourceFromBeingOverwritten) {
  GraphBuilder b;
  const ValueId x = b.input("x", {2, 4});
  const ValueId view = b.op("Reshape", {x, b.int64s({8})});
  const ValueId changed = b.op("Relu", {x});
  b.output(b.op("Add", {view, b.op("Reshape", {changed, b.int64s({8})})}));
  const Schedule made = plan_order(b);
  EXPECT_EQ(alias_of(made, view), AliasKind::kView);
  EXPECT_EQ(alias_of(made, changed), AliasKind::kNone);
}

TEST(Schedule, AResultOfAnotherSizeIsNotInPlace) {
  GraphBuilder b;
  const ValueId x = b.input("x", {1, 8});
  const ValueId wide = b.op("Add", {x, b.input("z", {4, 8})});
  b.output(wide);
  const Schedule made = plan_order(b);
  EXPECT_EQ(made.alias[static_cast<std::size_t>(wide)].source, b.graph().inputs[1]);
}

// Each of two branches is wide for a moment.
TEST(Schedule, OneBranchRunsBeforeTheOtherUnlessTheOrderIsToStay) {
  GraphBuilder b;
  const ValueId x = b.input("x", {1, 8});
  const ValueId wide_a = b.op("Expand", {x, b.int64s({64, 8})});
  const ValueId wide_b = b.op("Expand", {x, b.int64s({32, 8})});
  const ValueId a = b.op("ReduceMax", {wide_a});
  b.output(b.op("Add", {a, b.op("ReduceMax", {wide_b})}));
  const auto steps = [&](const Schedule& made) {
    return std::vector<graph::NodeId>(made.order.begin(), made.order.end());
  };
  const Schedule best = plan_order(b);
  EXPECT_EQ(steps(best), (std::vector<graph::NodeId>{1, 3, 0, 2, 4}));
  EXPECT_EQ(best.bound_by_graph, 4 * (8 + 64 * 8));  // x and what is expanded from it
  EXPECT_EQ(best.bound_by_search, 4 * (8 + 64 * 8 + 1));
  const Schedule kept = plan_order(b, {.reorder = false});
  EXPECT_EQ(steps(kept), (std::vector<graph::NodeId>{0, 1, 2, 3, 4}));
  EXPECT_EQ(kept.bound_by_graph, best.bound_by_graph);
}

TEST(Schedule, AnOrderThatLetsAStepOverwriteIsFound) {
  GraphBuilder b;
  const ValueId x = b.input("x", {64});
  const ValueId y = b.op("Relu", {x});
  const ValueId top = b.op("ReduceMax", {x});
  b.output(b.op("Add", {y, top}));
  const Schedule made = plan_order(b);
  EXPECT_EQ(made.order, (std::vector<graph::NodeId>{1, 0, 2}));
  EXPECT_EQ(alias_of(made, y), AliasKind::kOverwrite);
  EXPECT_EQ(alias_of(plan_order(b, {.reorder = false}), y), AliasKind::kNone);
}

TEST(Schedule, CallersInputsAndKeptInputsAreNeverOverwritten) {
  for (ScheduleOptions options :
       {ScheduleOptions{.stage_inputs = false}, ScheduleOptions{.keep_inputs = true}}) {
    GraphBuilder b;
    const ValueId y = b.op("Relu", {b.input("x", {8})});
    b.output(y);
    EXPECT_EQ(alias_of(plan_order(b, options), y), AliasKind::kNone);
  }
}

TEST(Schedule, AnOutputInTheCallersBufferIsNoView) {
  GraphBuilder b;
  const ValueId y = b.op("Reshape", {b.input("x", {2, 4}), b.int64s({8})});
  b.output(y);
  EXPECT_EQ(alias_of(plan_order(b, {.stage_outputs = false}), y), AliasKind::kNone);
}

// A residual may be overwritten by the convolution that adds it, unless it is also what is
// convolved.
TEST(Schedule, AResidualThatIsAlsoConvolvedIsNotOverwritten) {
  GraphBuilder b;
  const ValueId x = b.input("x", {1, 2, 3, 3});
  core::Tensor weights =
      core::Tensor::allocate(core::DataType::kFloat32, core::Shape{2, 2, 1, 1}).value();
  graph::Node node;
  node.name = "conv";
  node.op = "Conv";
  node.domain = "mini_infer";
  node.opset = 1;
  node.inputs = {x, b.constant(weights), graph::kNoValue, x};
  graph::Value value;
  value.name = "y";
  node.outputs = {b.graph().add_value(value)};
  const ValueId y = node.outputs[0];
  b.graph().add_node(node);
  b.output(y);
  EXPECT_EQ(alias_of(plan_order(b), y), AliasKind::kNone);
}

TEST(Liveness, OutputsLiveToTheEndAndInputsFromTheStart) {
  GraphBuilder b;
  const ValueId x = b.input("x", {8});
  const ValueId late = b.input("late", {4});
  const ValueId early = b.op("Transpose", {b.op("Reshape", {x, b.int64s({2, 4})})});
  const ValueId y = b.op("Relu", {late});
  b.output(early);
  b.output(y);
  const Schedule made = plan_order(b);
  const Liveness live = LivenessAnalyzer().analyze(b.graph(), made);
  auto storage = [&](ValueId id) {
    return live.storages[static_cast<std::size_t>(live.storage_of[static_cast<std::size_t>(id)])];
  };
  EXPECT_EQ(live.steps, 3);
  EXPECT_EQ(storage(x).first_step, 0);
  EXPECT_EQ(storage(x).last_step, 1);  // through its view
  EXPECT_EQ(storage(x).values.size(), 2u);
  EXPECT_EQ(storage(late).first_step, 0);
  EXPECT_EQ(storage(early).first_step, 1);
  EXPECT_EQ(storage(early).last_step, 2);
  EXPECT_TRUE(storage(y).holds_input && storage(y).holds_output);
}

TEST(Liveness, OutputsOfOneNodeLiveTogetherEvenIfUnread) {
  GraphBuilder b;
  const auto halves =
      b.ops("Split", {b.input("x", {8}), b.int64s({4, 4})}, 2, {{"axis", std::int64_t{0}}});
  b.output(b.op("Relu", {halves[0]}));
  const Schedule made = plan_order(b, {.split_windows = false});
  const Liveness live = LivenessAnalyzer().analyze(b.graph(), made);
  const auto unread =
      static_cast<std::size_t>(live.storage_of[static_cast<std::size_t>(halves[1])]);
  EXPECT_EQ(live.storages[unread].first_step, 0);
  EXPECT_EQ(live.storages[unread].last_step, 0);
  EXPECT_NE(live.storage_of[static_cast<std::size_t>(halves[0])],
            live.storage_of[static_cast<std::size_t>(halves[1])]);
}

}  // namespace
}  // namespace mini_infer::test
