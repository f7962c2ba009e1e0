#include "runtime/compile.h"

#include <bit>
#include <chrono>
#include <cstdio>

#include "core/tensor_meter.h"
#include "core/try.h"
#include "cpu/evaluator.h"
#include "mini_infer/core/log.h"
#include "runtime/legalize_outputs.h"
#include "runtime/memory_limit.h"
#include "runtime/plan_builder.h"
#include "runtime/state_plan.h"
#include "schedule/liveness_analyzer.h"

namespace mini_infer::runtime {
namespace {

using core::Status;

// Times the work of an ordinary plan, where that one is above the memory limit.
constexpr int kEffortToFit = 20;

// What the plan would need with no storage shared by two values, but for views. An alias set of its
// own: in-place results have bytes of their own too.
core::Result<std::size_t> unshared_bytes(const graph::Graph& graph, PlanningOptions options,
                                         schedule::ScheduleOptions schedule_options) {
  options.share_memory = false;
  schedule_options.overwrite = false;
  schedule_options.reorder = false;
  schedule_options.slice_windows = schedule_options.split_windows = false;
  schedule_options.concat_windows = false;
  MI_ASSIGN(const auto schedule, schedule::schedule(graph, schedule_options));
  const Liveness liveness = LivenessAnalyzer(options.keep_inputs).analyze(graph, schedule);
  MI_ASSIGN(const MemoryPlan plan, build_plan(graph, schedule, liveness, options));
  return plan.total_memory;
}

std::string kilobytes(std::size_t bytes) {
  char text[32];
  std::snprintf(text, sizeof text, "%.2f KB", static_cast<double>(bytes) / 1024.0);
  return text;
}

void log_summary(const MemoryPlan& plan) {
  MI_LOG_INFO("[MemoryPlanner] Analyzed " + std::to_string(plan.pools.front().tensors.size()) +
              " tensors");
  MI_LOG_INFO("[MemoryPlanner] Original memory: " + kilobytes(plan.original_memory));
  MI_LOG_INFO("[MemoryPlanner] Optimized memory: " + kilobytes(plan.total_memory));
  MI_LOG_INFO("[MemoryPlanner] Memory saving: " +
              std::to_string(static_cast<int>(plan.memory_saving_ratio * 100.0f)) + "%");
}

// The plan with `effort` times the work of an ordinary one.
core::Result<MemoryPlan> plan_with(Compiled& compiled, const PlanningOptions& options,
                                   schedule::ScheduleOptions schedule_options, int effort) {
  planner::Effort solving;
  solving.nodes *= effort;
  schedule_options.work *= effort;
  MI_ASSIGN(compiled.schedule, schedule::schedule(compiled.graph, schedule_options));
  const Liveness liveness =
      LivenessAnalyzer(options.keep_inputs).analyze(compiled.graph, compiled.schedule);
  return build_plan(compiled.graph, compiled.schedule, liveness, options, solving);
}

Status plan_memory(Compiled& compiled, const PlanningOptions& options) {
  MI_LOG_INFO("[MemoryPlanner] Starting static memory planning...");
  const schedule::ScheduleOptions schedule_options{
      .reorder = options.reorder && options.share_memory,
      .overwrite = options.share_memory,
      .stage_inputs = options.stage_inputs,
      .stage_outputs = options.stage_outputs,
      .keep_inputs = options.keep_inputs,
      .slice_windows = options.windows.slice && options.share_memory,
      .split_windows = options.windows.split && options.share_memory,
      .concat_windows = options.windows.concat && options.share_memory,
      .alignment = options.alignment};
  MI_ASSIGN(MemoryPlan plan, plan_with(compiled, options, schedule_options, 1));
  const std::optional<std::size_t> limit =
      options.arena_limit ? options.arena_limit : options.memory_limit;
  if (limit && may_be_lowered(plan, *limit)) {
    MI_ASSIGN(plan, plan_with(compiled, options, schedule_options, kEffortToFit));
  }
  MI_ASSIGN(plan.original_memory, unshared_bytes(compiled.graph, options, schedule_options));
  plan.memory_saving_ratio =
      plan.original_memory == 0
          ? 0.0f
          : 1.0f - static_cast<float>(plan.total_memory) / static_cast<float>(plan.original_memory);
  MI_ASSIGN(judge::Statement statement,
            state_plan(compiled.graph, plan, schedule_options.overwrite));
  MI_TRY(judge_plan(statement));
  plan.statement = std::make_shared<const judge::Statement>(std::move(statement));
  log_summary(plan);
  if (limit) MI_TRY(check_arena_limit(plan, *limit));
  compiled.plan = std::move(plan);
  return Status::SUCCESS;
}

Status check_workspace(std::size_t bytes) {
  if (bytes <= kMostWorkspace) return Status::SUCCESS;
  return {Status::ERROR_INVALID_ARGUMENT, "workspace: expected at most " +
                                              std::to_string(kMostWorkspace) + " bytes, found " +
                                              std::to_string(bytes)};
}

}  // namespace

Status check_alignment(std::size_t bytes) {
  if (std::has_single_bit(bytes) && bytes >= 16 && bytes <= 256) return Status::SUCCESS;
  return {Status::ERROR_INVALID_ARGUMENT,
          "memory alignment: expected a power of two from 16 to 256 bytes, found " +
              std::to_string(bytes)};
}

namespace {

// What passes did, and where everything lies, for those who ask for all there is.
void log_details(const Compiled& compiled) {
  for (const optimizer::PassReport& pass : compiled.passes) {
    MI_LOG_DEBUG("[Optimizer] " + pass.name + ": " + std::to_string(pass.nodes_before) +
                 " nodes become " + std::to_string(pass.nodes_after) + ", in " +
                 std::to_string(pass.milliseconds) + " ms");
  }
  for (const TensorPlacement& tensor : compiled.plan.pools.front().tensors) {
    MI_LOG_DEBUG("[MemoryPlanner] " + tensor.name + ": " + std::to_string(tensor.size_bytes) +
                 " bytes at " + std::to_string(tensor.offset) + ", steps " +
                 std::to_string(tensor.first_step) + " to " + std::to_string(tensor.last_step));
  }
}

}  // namespace

core::Result<Compiled> compile(graph::Graph graph, const PlanningOptions& options) {
  MI_TRY(check_alignment(options.alignment));
  MI_TRY(check_workspace(options.workspace_bytes));
  const core::TensorMeter constants;
  Compiled compiled;
  compiled.graph = std::move(graph);
  MI_TRY(check_files(compiled.graph));
  MI_TRY(compiled.graph.verify());
  MI_ASSIGN(compiled.passes, optimizer::optimize(compiled.graph,
                                                 {.passes = options.passes,
                                                  .precision = options.precision,
                                                  .check_passes = options.check_passes,
                                                  .after_pass = {}},
                                                 cpu::evaluate));
  legalize_outputs(compiled.graph);
  compiled.weights = lay_out_weights(compiled.graph, options.alignment);

  const auto start = std::chrono::steady_clock::now();
  MI_TRY(plan_memory(compiled, options));
  const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - start;
  compiled.plan.planning_milliseconds = took.count();
  compiled.plan.weights_bytes = compiled.weights.size_bytes;
  compiled.most_constant_bytes = constants.peak_bytes();
  log_details(compiled);
  return compiled;
}

}  // namespace mini_infer::runtime
