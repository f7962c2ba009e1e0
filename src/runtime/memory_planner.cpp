#include "mini_infer/runtime/memory_planner.h"

#include <new>

#include "core/float_environment.h"
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

MemoryPlan failed(core::Status status) {
  MI_LOG_ERROR("[MemoryPlanner] " + status.message());
  MemoryPlan plan;
  plan.status = std::move(status);
  return plan;
}

}  // namespace

core::Status MemoryPlanner::set_alignment(std::size_t bytes) {
  MI_TRY(check_alignment(bytes));
  options_.alignment = bytes;
  return core::Status::SUCCESS;
}

MemoryPlan MemoryPlanner::plan(const graph::Graph* graph) const try {
  if (graph == nullptr) {
    return failed({core::Status::ERROR_INVALID_ARGUMENT, "no graph was given"});
  }
  const core::FloatEnvironment ours;
  auto compiled = compile(*graph, options_);
  if (!compiled.ok()) return failed(compiled.status());
  if (verbose_) log_placements(compiled->plan);
  return std::move(compiled->plan);
} catch (const std::bad_alloc&) {
  return failed({core::Status::ERROR_OUT_OF_MEMORY, "the host has no memory left"});
}

}  // namespace mini_infer::runtime
