#include "runtime/engine_plan.h"

#include <algorithm>
#include <string>

#include "core/try.h"
#include "cpu/backend.h"
#include "mini_infer/core/log.h"
#include "ops/alias.h"
#include "runtime/bind_steps.h"
#include "runtime/plan_hash.h"
#include "runtime/staging.h"

namespace mini_infer::runtime {
namespace {

using core::Status;
using std::to_string;

PlanningOptions planning_options(const EngineConfig& config) {
  return {.share_memory = config.enable_memory_planning,
          .reorder = config.reorder,
          .windows = config.windows,
          .alignment = config.memory_alignment,
          .stage_inputs = config.stage_inputs,
          .stage_outputs = config.stage_outputs,
          .keep_inputs = config.keep_inputs,
          .arena_limit = config.arena_limit ? config.arena_limit : config.memory_limit,
          .workspace_bytes = config.workspace_bytes,
          .precision = config.precision,
          .passes = config.passes,
          .check_passes = config.check_passes};
}

std::vector<WorkspaceRange> workspaces_of(const MemoryPlan& plan) {
  const auto& tensors = plan.pools.front().tensors;
  const auto scratch = std::find_if(tensors.begin(), tensors.end(), [](const auto& tensor) {
    return tensor.kind == TensorPlacement::Kind::kScratch;
  });
  const WorkspaceRange block = scratch == tensors.end()
                                   ? WorkspaceRange{}
                                   : WorkspaceRange{scratch->offset, scratch->size_bytes};
  std::vector<WorkspaceRange> ranges;
  for (const PlanStep& step : plan.steps) {
    ranges.push_back(step.hole_bytes < block.size_bytes
                         ? block
                         : WorkspaceRange{step.hole_offset, step.hole_bytes});
  }
  for (const TensorPlacement& tensor : tensors) {
    if (tensor.kind != TensorPlacement::Kind::kWorkspace) continue;
    ranges[static_cast<std::size_t>(tensor.first_step)] = {tensor.offset, tensor.size_bytes};
  }
  return ranges;
}

std::vector<Location> locate_values(const EngineState& state) {
  const Compiled& compiled = state.compiled;
  std::vector<Location> locations(compiled.graph.values().size());
  for (const TensorPlacement& tensor : state.activations().tensors) {
    for (graph::ValueId id : tensor.values) {
      locations[static_cast<std::size_t>(id)] = {Location::Space::kArena, tensor.offset};
    }
    for (const WindowPlacement& window : tensor.windows) {
      const bool apart = window.pitch_bytes != 0;
      locations[static_cast<std::size_t>(window.value)] = {
          .space = Location::Space::kArena,
          .offset = tensor.offset + window.offset_bytes,
          .row_bytes = apart ? window.row_bytes : 0,
          .pitch_bytes = window.pitch_bytes};
    }
  }
  for (std::size_t i = 0; i < compiled.plan.bound.size(); ++i) {
    for (graph::ValueId id : compiled.plan.bound[i].values) {
      locations[static_cast<std::size_t>(id)] = {Location::Space::kBound, i};
    }
  }
  return locations;
}

ops::Pitches pitches_of(const EngineState& state) {
  const graph::Graph& graph = state.compiled.graph;
  ops::Pitches pitches(graph.values().size(), 0);
  for (const TensorPlacement& tensor : state.activations().tensors) {
    for (const WindowPlacement& window : tensor.windows) {
      const int bits = core::bits_per_element(graph.value(window.value).type);
      pitches[static_cast<std::size_t>(window.value)] =
          static_cast<std::int64_t>(window.pitch_bytes) * 8 / bits;
    }
  }
  return pitches;
}

std::vector<TensorInfo> describe_values(const graph::Graph& graph,
                                        const std::vector<graph::ValueId>& ids) {
  std::vector<TensorInfo> infos;
  for (graph::ValueId id : ids) {
    const graph::Value& value = graph.value(id);
    infos.push_back({value.name, value.type, *value.shape, ops::bytes_of(value)});
  }
  return infos;
}

bool is_for_cuda(const EngineState& state) { return state.config.device == core::Device::kCuda; }

// An allowance for names, pointers and tables while building, besides tensors. Tests hold it
// against a counting allocator, on every model they have.
std::size_t bookkeeping_bytes(const graph::Graph& graph) {
  constexpr std::size_t kAnyModel = std::size_t{6}
                                    << 20;  // 4 MiB of them: states that a search refuted
  constexpr std::size_t kEachNode = std::size_t{16} << 10;
  return kAnyModel + kEachNode * graph.nodes().size();
}

// Of one constant at a time, on its way to a device.
std::size_t largest_upload(const EngineState& state) {
  std::size_t most = 0;
  if (!is_for_cuda(state)) return most;
  for (const StoredWeight& stored : state.compiled.weights.stored) {
    const auto& constant = state.compiled.graph.value(stored.constant).constant;
    most = std::max(most, stored.packed ? stored.packed->bytes : constant->size_bytes());
  }
  return most;
}

void lay_out_pools(EngineState& state) {
  Compiled& compiled = state.compiled;
  MemoryPlan& plan = compiled.plan;
  compiled.weights = lay_out_weights(compiled.graph, state.config.memory_alignment, state.packed);
  plan.weights_bytes = compiled.weights.size_bytes;
  plan.staging_bytes = is_for_cuda(state) ? Staging::bytes_for(state) : 0;
  plan.build_bytes =
      compiled.most_constant_bytes + largest_upload(state) + bookkeeping_bytes(compiled.graph);
  plan.kernels_hash = kernels_hash(plan);
}

Status over_total_limit(const MemoryPlan& plan, std::size_t limit) {
  return {Status::ERROR_OVER_BUDGET,
          "the engine needs " + to_string(plan.total_bytes()) + " bytes, " +
              to_string(plan.total_bytes() - limit) + " more than the total limit of " +
              to_string(limit) + ": arena " + to_string(plan.total_memory) + ", weights " +
              to_string(plan.weights_bytes + plan.fallback_weights_bytes) + ", staging " +
              to_string(plan.staging_bytes) + ", while building " + to_string(plan.build_bytes) +
              ". Smaller inputs, half precision or a higher limit would help"};
}

// Where the total is over its limit, steps take smaller forms of their constants (convolutions are
// then computed without Winograd): the step that saves the most bytes first, of equal ones the
// earlier, until the total fits.
Status fit_total_limit(EngineState& state) {
  const std::optional<std::size_t> limit = state.config.total_limit;
  if (!limit) return Status::SUCCESS;
  const MemoryPlan& plan = state.compiled.plan;
  if (plan.total_bytes() > *limit && !is_for_cuda(state)) {
    CpuConfig config = state.config.cpu;
    config.winograd = false;
    MI_ASSIGN(const auto smaller, make_planning_backend(config));
    MI_ASSIGN(auto steps, steps_that_could_take_less(state, *smaller));
    std::stable_sort(steps.begin(), steps.end(), [](const SmallerStep& a, const SmallerStep& b) {
      return a.saved_bytes > b.saved_bytes;
    });
    for (SmallerStep& step : steps) {
      if (plan.total_bytes() <= *limit) break;
      rebind(state, std::move(step));
      lay_out_pools(state);
    }
  }
  return plan.total_bytes() <= *limit ? Status(Status::SUCCESS) : over_total_limit(plan, *limit);
}

}  // namespace

void prepare_binding(EngineState& state) {
  state.workspaces = workspaces_of(state.compiled.plan);
  state.pitches = pitches_of(state);
}

Status plan_engine(EngineState& state, graph::Graph graph) {
  MI_LOG_INFO("[Engine] Performing static memory planning...");
  MI_ASSIGN(state.compiled, compile(std::move(graph), planning_options(state.config)));
  MI_LOG_INFO("[Engine] Memory planning completed, saved " +
              to_string(static_cast<int>(state.compiled.plan.memory_saving_ratio * 100.0f)) + "%");
  prepare_binding(state);
  MI_TRY(bind_steps(state));
  state.locations = locate_values(state);
  state.inputs = describe_values(state.compiled.graph, state.compiled.graph.inputs);
  state.outputs = describe_values(state.compiled.graph, state.compiled.graph.outputs);
  state.instruction_set = cpu::resolve(state.config.cpu.instruction_set);
  state.compiled.plan.weights_for = is_for_cuda(state)
                                        ? std::string(state.backend->name())
                                        : core::instruction_set_name(state.instruction_set);
  lay_out_pools(state);
  return fit_total_limit(state);
}

}  // namespace mini_infer::runtime
