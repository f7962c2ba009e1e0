#include "mini_infer/runtime/memory_planner.h"

#include "core/try.h"
#include "runtime/compile.h"

namespace mini_infer::runtime {
namespace {

void log_placements(const MemoryPlan& plan) {
  for (const MemoryPool& pool : plan.pools) {
    for (const TensorPlacement& tensor : pool.tensors) {
      MI_LOG_INFO("[MemoryPlanner]   " + tensor.name + ": " + std::to_string(tensor.size_bytes) +
                  " bytes at " + std::to_string(tensor.offset) + ", steps " +
                  std::to_string(tensor.first_step) + " to " + std::to_string(tensor.last_step));
    }
  }
}

}  // namespace

core::Status MemoryPlanner::set_alignment(std::size_t bytes) {
  MI_TRY(check_alignment(bytes));
  options_.alignment = bytes;
  return core::Status::SUCCESS;
}

MemoryPlan MemoryPlanner::plan(const graph::Graph* graph) const {
  MemoryPlan failed;
  if (graph == nullptr) {
    failed.status = {core::Status::ERROR_INVALID_ARGUMENT,
                     "MemoryPlanner::plan: no graph was given"};
    return failed;
  }
  auto compiled = compile(*graph, options_);
  if (!compiled.ok()) {
    failed.status = compiled.status();
    MI_LOG_ERROR("[MemoryPlanner] " + failed.status.message());
    return failed;
  }
  if (verbose_) log_placements(compiled->plan);
  return std::move(compiled->plan);
}

}  // namespace mini_infer::runtime
