#include "runtime/check_plan.h"

#include "core/try.h"
#include "mini_infer/planner/check.h"

namespace mini_infer::runtime {
namespace {

// A step's kernel may write its hole: nothing that is alive may lie there.
core::Status check_holes(const MemoryPlan& plan) {
  for (const TensorPlacement& tensor : plan.pools.front().tensors) {
    for (int step = tensor.first_step; step <= tensor.last_step; ++step) {
      const PlanStep& at = plan.steps[static_cast<std::size_t>(step)];
      const bool apart = at.hole_offset + at.hole_bytes <= tensor.offset ||
                         tensor.offset + tensor.size_bytes <= at.hole_offset;
      if (apart || at.hole_bytes == 0 || tensor.size_bytes == 0) continue;
      return {core::Status::ERROR_INTERNAL, "the hole of step " + std::to_string(step) + " '" +
                                                at.name + "' overlaps '" + tensor.name + "'"};
    }
  }
  return core::Status::SUCCESS;
}

}  // namespace

core::Status check_plan(const MemoryPlan& plan) {
  std::size_t total = 0;
  for (const MemoryPool& pool : plan.pools) {
    planner::Problem problem;
    planner::Solution solution;
    for (const TensorPlacement& tensor : pool.tensors) {
      problem.buffers.push_back({.size = static_cast<std::int64_t>(tensor.size_bytes),
                                 .first = tensor.first_step,
                                 .last = tensor.last_step,
                                 .alignment = static_cast<std::int64_t>(pool.alignment)});
      solution.offsets.push_back(static_cast<std::int64_t>(tensor.offset));
    }
    solution.height = static_cast<std::int64_t>(pool.size_bytes);
    solution.lower_bound = static_cast<std::int64_t>(plan.lower_bound);
    solution.peak_step = plan.peak_step;
    solution.proof = plan.offsets_proof;
    MI_TRY(planner::check(problem, solution).with_context("pool '" + pool.name + "'"));
    total += pool.size_bytes;
  }
  if (total != plan.total_memory) {
    return {core::Status::ERROR_INTERNAL, "the pools hold " + std::to_string(total) +
                                              " bytes but the plan says " +
                                              std::to_string(plan.total_memory)};
  }
  return plan.steps.empty() ? core::Status::SUCCESS : check_holes(plan);
}

}  // namespace mini_infer::runtime
