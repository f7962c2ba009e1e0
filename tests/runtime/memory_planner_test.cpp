#include "mini_infer/runtime/memory_planner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "mini_infer/runtime/engine.h"
#include "support/graph_builder.h"

namespace mini_infer::test {
namespace {

using core::Status;
using graph::ValueId;
using runtime::MemoryPlan;
using runtime::MemoryPlanner;
using ::testing::HasSubstr;

// x -> conv-like chain of three results of 1,000 floats each, none of them in place.
std::shared_ptr<graph::Graph> chain() {
  GraphBuilder b;
  ValueId last = b.input("x", {10, 100});
  for (int i = 0; i < 3; ++i) last = b.op("Transpose", {last});
  b.output(last);
  return b.share();
}

MemoryPlan plan_of(const graph::Graph& graph, bool share = true) {
  MemoryPlanner planner({.passes = std::vector<std::string>{}});
  planner.set_enabled(share);
  return planner.plan(&graph);
}

TEST(MemoryPlanner, APlanAboveTheMemoryLimitNamesWhatIsMissingAndWhatIsAlive) {
  const std::size_t needed = plan_of(*chain()).total_memory;
  const auto plan_within = [](std::size_t limit) {
    return MemoryPlanner({.memory_limit = limit, .passes = std::vector<std::string>{}})
        .plan(chain().get());
  };
  EXPECT_EQ(plan_within(needed).total_memory, needed);
  EXPECT_EQ(plan_within(needed).plan_hash, plan_of(*chain()).plan_hash);
  const MemoryPlan refused = plan_within(needed - 100);
  EXPECT_EQ(refused.status.code(), Status::ERROR_OVER_BUDGET);
  for (const char* part :
       {"need 8192 bytes (no plan of this graph needs less)",
        "100 more than the arena limit of 8092", "at step 0", "(Transpose)", "'x' 4000"}) {
    EXPECT_THAT(refused.status.message(), HasSubstr(part));
  }
  EXPECT_TRUE(refused.pools.empty());
}

TEST(MemoryPlanner, TheScratchBlockIsAsLargeAsAskedAndNoneIsThereUnasked) {
  const auto plan_with = [](std::size_t workspace) {
    return MemoryPlanner({.workspace_bytes = workspace, .passes = std::vector<std::string>{}})
        .plan(chain().get());
  };
  const std::size_t usual = plan_of(*chain()).total_memory;
  EXPECT_EQ(plan_with(0).total_memory, usual);
  const MemoryPlan large = plan_with(1 << 20);
  EXPECT_EQ(large.total_memory, usual + (1 << 20));
  EXPECT_EQ(large.lower_bound, large.total_memory);
  EXPECT_TRUE(large.proven_order());
  const Status refused = plan_with((std::size_t{1} << 40) + 1).status;
  EXPECT_EQ(refused.code(), Status::ERROR_INVALID_ARGUMENT);
  EXPECT_THAT(refused.message(), HasSubstr("workspace: expected at most 1099511627776 bytes"));
}

TEST(MemoryPlanner, HalvesNeedHalfTheBytesOfTheSamePlan) {
  GraphBuilder b;
  ValueId last = b.op("Relu", {b.input("x", {1})});
  for (int i = 0; i < 2; ++i) {
    last =
        b.op("Expand", {last, b.constant(core::Tensor::from<std::int64_t>(
                                  core::DataType::kInt64, {1}, std::vector<std::int64_t>{4096}))});
    last = b.op("ReduceMax", {last});
  }
  b.output(last);
  const auto bytes_in = [&](core::Precision precision) {
    return MemoryPlanner({.precision = precision, .passes = std::vector<std::string>{}})
        .plan(b.share().get())
        .total_memory;
  };
  EXPECT_EQ(bytes_in(core::Precision::kTF32), bytes_in(core::Precision::kFloat32));
  EXPECT_EQ(bytes_in(core::Precision::kFloat32) - bytes_in(core::Precision::kFloat16), 4096 * 2);
  EXPECT_EQ(bytes_in(core::Precision::kBFloat16), bytes_in(core::Precision::kFloat16));
}

TEST(MemoryPlanner, CountsRealBytesAligned) {
  const MemoryPlan plan = plan_of(*chain());
  ASSERT_TRUE(plan.status.ok()) << plan.status.message();
  constexpr std::size_t kTensor = 4096;  // 4,000 bytes, rounded up to 256
  EXPECT_EQ(plan.original_memory, 4 * kTensor);
  EXPECT_EQ(plan.total_memory, 2 * kTensor);
  EXPECT_EQ(plan.lower_bound, plan.total_memory);
  EXPECT_TRUE(plan.proven_offsets());
  EXPECT_TRUE(plan.proven_order());
  EXPECT_EQ(plan.peak_step, 0);
  EXPECT_EQ(plan.steps.size(), 3u);
  EXPECT_EQ(plan.steps[0].live_bytes, plan.total_memory);
  EXPECT_FLOAT_EQ(plan.memory_saving_ratio, 1.0f - 8192.0f / 16384.0f);
}

TEST(MemoryPlanner, PoolsAddUpToTheTotal) {
  const MemoryPlan plan = plan_of(*chain());
  std::size_t total = 0;
  for (const auto& pool : plan.pools) total += pool.size_bytes;
  EXPECT_EQ(total, plan.total_memory);
}

TEST(MemoryPlanner, DisabledItGivesTheUnsharedPlan) {
  const MemoryPlan shared = plan_of(*chain());
  const MemoryPlan unshared = plan_of(*chain(), false);
  ASSERT_TRUE(unshared.status.ok()) << unshared.status.message();
  EXPECT_EQ(unshared.total_memory, shared.original_memory);
  EXPECT_EQ(unshared.memory_saving_ratio, 0.0f);
}

TEST(MemoryPlanner, GivesTheEnginesPlan) {
  runtime::Engine engine;
  ASSERT_TRUE(engine.build(chain()).ok());
  MemoryPlanner planner;
  EXPECT_EQ(planner.plan(chain().get()).plan_hash, engine.memory_plan().plan_hash);
}

TEST(MemoryPlanner, TheHashKnowsOrderAliasesAndAlignment) {
  const std::string hash = plan_of(*chain()).plan_hash;
  EXPECT_EQ(hash, plan_of(*chain()).plan_hash);
  EXPECT_EQ(hash.size(), 16u);
  MemoryPlanner planner({.passes = std::vector<std::string>{}});
  ASSERT_TRUE(planner.set_alignment(64).ok());
  EXPECT_NE(hash, planner.plan(chain().get()).plan_hash);
  EXPECT_NE(hash, plan_of(*chain(), false).plan_hash);
}

// The same on every machine and build type: a plan made elsewhere can be compared by its hash.
TEST(MemoryPlanner, TheHashIsTheSameInEveryBuild) {
  EXPECT_EQ(plan_of(*chain()).plan_hash, "b413719575601e28");
}

TEST(MemoryPlanner, RefusesAnAlignmentThatIsNoPowerOfTwoFrom16To256) {
  MemoryPlanner planner;
  for (std::size_t bytes : {0, 8, 24, 512}) {
    EXPECT_EQ(planner.set_alignment(bytes).code(), Status::ERROR_INVALID_ARGUMENT);
  }
  EXPECT_TRUE(planner.set_alignment(16).ok());
}

TEST(MemoryPlanner, AFailureHasNoPoolsAndSaysWhy) {
  core::set_log_level(core::LogLevel::kOff);
  const auto graph = chain();
  graph->value(graph->inputs[0]).shape.reset();
  const MemoryPlan plan = plan_of(*graph);
  EXPECT_TRUE(plan.pools.empty());
  EXPECT_THAT(plan.status.message(), HasSubstr("'x'"));
  EXPECT_EQ(MemoryPlanner().plan(nullptr).status.code(), Status::ERROR_INVALID_ARGUMENT);
  core::set_log_level(core::LogLevel::kWarning);
}

TEST(MemoryPlanner, WritesTheGuidesLogLines) {
  std::string lines;
  core::set_log_level(core::LogLevel::kInfo);
  core::set_log_callback(
      [&](core::LogLevel, std::string_view line) { lines += std::string(line) + "\n"; });
  runtime::Engine engine;
  ASSERT_TRUE(engine.build(chain()).ok());
  core::set_log_callback({});
  core::set_log_level(core::LogLevel::kWarning);
  EXPECT_THAT(lines, HasSubstr("[Engine] Performing static memory planning..."));
  EXPECT_THAT(lines, HasSubstr("[MemoryPlanner] Starting static memory planning..."));
  EXPECT_THAT(lines, HasSubstr("[MemoryPlanner] Analyzed "));
  EXPECT_THAT(lines, HasSubstr("Original memory: "));
  EXPECT_THAT(lines, HasSubstr("Optimized memory: "));
  EXPECT_THAT(lines, HasSubstr("Memory saving: "));
  EXPECT_THAT(lines, HasSubstr("[Engine] Memory planning completed, saved "));
}

TEST(MemoryPlanner, AGraphWithNothingToPlanIsPlanned) {
  const MemoryPlan plan = plan_of(graph::Graph());
  ASSERT_TRUE(plan.status.ok()) << plan.status.message();
  EXPECT_EQ(plan.total_memory, 0u);
}

TEST(MemoryPlanner, ATensorThatIsLeftOutIsNotCopied) {
  GraphBuilder b;
  const auto parts = b.ops("Split", {b.op("Relu", {b.input("x", {64})}), b.int64s({32, 32})}, 2,
                           {{"axis", std::int64_t{0}}});
  b.graph().node(1).outputs[1] = graph::kNoValue;
  b.graph().value(parts[1]).producer = graph::kNoNode;
  b.output(b.op("ReduceMax", {parts[0]}));
  const MemoryPlan plan = MemoryPlanner().plan(&b.graph());
  ASSERT_TRUE(plan.status.ok()) << plan.status.to_string();
  ASSERT_EQ(plan.windows.size(), 1u);
  EXPECT_EQ(plan.windows[0].tensors, 1u);
  EXPECT_EQ(plan.windows[0].copied_tensors, 0u);
}

}  // namespace
}  // namespace mini_infer::test
