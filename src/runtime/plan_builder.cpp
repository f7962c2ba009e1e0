#include "runtime/plan_builder.h"

#include <algorithm>

#include "core/try.h"
#include "mini_infer/planner/solve.h"
#include "ops/alias.h"
#include "ops/shapes.h"
#include "planner/holes.h"
#include "planner/lower_bound.h"
#include "runtime/plan_hash.h"
#include "schedule/places.h"

namespace mini_infer::runtime {
namespace {

using graph::Graph;
using graph::kNoValue;

// Storages of the arena, then workspaces, then the scratch block where one is asked for; caller's
// storages go to `bound`.
class PlacementList {
 public:
  PlacementList(const Graph& graph, const schedule::Schedule& schedule, const Liveness& liveness,
                const PlanningOptions& options) {
    const auto places = schedule::places(graph, schedule.alias);
    for (const Storage& storage : liveness.storages) {
      const bool of_caller = (storage.holds_input && !options.stage_inputs) ||
                             (storage.holds_output && !options.stage_outputs);
      (of_caller ? bound : arena)
          .push_back({.kind = TensorPlacement::Kind::kTensor,
                      .name = graph.value(storage.values.front()).name,
                      .values = storage.values,
                      .windows = windows_of(graph, schedule, places, storage),
                      .offset = 0,
                      .size_bytes = storage.size_bytes,
                      .first_step = storage.first_step,
                      .last_step = storage.last_step});
    }
    for (int step = 0; step < static_cast<int>(schedule.order.size()); ++step) {
      add_workspace(ops::NodeView(graph, schedule.order[static_cast<std::size_t>(step)]), step);
    }
    if (options.workspace_bytes == 0 || liveness.steps == 0) return;
    arena.push_back({.kind = TensorPlacement::Kind::kScratch,
                     .name = "scratch",
                     .values = {},
                     .offset = 0,
                     .size_bytes = options.workspace_bytes,
                     .first_step = 0,
                     .last_step = liveness.steps - 1});
  }

  std::vector<TensorPlacement> arena;
  std::vector<TensorPlacement> bound;

 private:
  static std::vector<WindowPlacement> windows_of(const Graph& graph,
                                                 const schedule::Schedule& schedule,
                                                 const std::vector<schedule::ValuePlace>& places,
                                                 const Storage& storage) {
    std::vector<WindowPlacement> windows;
    for (const graph::ValueId id : storage.values) {
      const schedule::ValuePlace& place = places[static_cast<std::size_t>(id)];
      const std::size_t bytes = ops::bytes_of(graph.value(id));
      const bool inside = schedule.alias[static_cast<std::size_t>(id)].is_window() ||
                          place.offset != 0 || bytes != storage.size_bytes;
      if (!inside || bytes == 0) continue;
      const core::Shape& shape = *graph.value(id).shape;
      const std::size_t element = bytes / static_cast<std::size_t>(shape.elements());
      const bool apart = place.pitch != 0;
      const std::int64_t row = apart ? ops::last_extent(shape) : shape.elements();
      windows.push_back({.value = id,
                         .offset_bytes = static_cast<std::size_t>(place.offset),
                         .row_bytes = static_cast<std::size_t>(row) * element,
                         .pitch_bytes = static_cast<std::size_t>(place.pitch) * element});
    }
    return windows;
  }

  void add_workspace(const ops::NodeView& view, int step) {
    const ops::OpDef* def = ops::find(view.node());
    const std::size_t bytes = def->require == nullptr ? 0 : def->require(view);
    if (bytes == 0) return;
    arena.push_back({.kind = TensorPlacement::Kind::kWorkspace,
                     .name = view.node().name,
                     .values = {},
                     .offset = 0,
                     .size_bytes = bytes,
                     .first_step = step,
                     .last_step = step});
  }
};

planner::Problem state_problem(const std::vector<TensorPlacement>& tensors, std::size_t alignment) {
  planner::Problem problem;
  for (const TensorPlacement& tensor : tensors) {
    problem.buffers.push_back({.size = static_cast<std::int64_t>(tensor.size_bytes),
                               .first = tensor.first_step,
                               .last = tensor.last_step,
                               .alignment = static_cast<std::int64_t>(alignment)});
  }
  return problem;
}

// What no order can do without, and what is known of that. A scratch block is there at every step.
void judge_order(const schedule::Schedule& schedule, const PlanningOptions& options,
                 MemoryPlan& plan) {
  const std::size_t scratch = core::align_up(options.workspace_bytes, options.alignment);
  const std::size_t by_graph = static_cast<std::size_t>(schedule.bound_by_graph) + scratch;
  const std::size_t by_search = static_cast<std::size_t>(schedule.bound_by_search) + scratch;
  plan.order_bound = std::max(by_graph, by_search);
  if (plan.lower_bound == by_graph) {
    plan.order_proof = Proof::kByBound;
  } else if (plan.lower_bound == by_search) {
    plan.order_proof = Proof::kBySearch;
  }
}

void describe_windows(const Graph& graph, const schedule::Schedule& schedule,
                      const PlanningOptions& options, MemoryPlan& plan) {
  for (const graph::NodeId id : schedule.order) {
    const graph::Node& node = graph.node(id);
    PlanWindow window{.node = id, .name = node.name, .op = node.op};
    const auto count = [&](const std::vector<graph::ValueId>& values, ops::AliasKind kind) {
      for (const graph::ValueId value : values) {
        if (value == kNoValue) continue;
        if (schedule.alias[static_cast<std::size_t>(value)].kind != kind) {
          ++window.copied_tensors;
          continue;
        }
        ++window.tensors;
        window.saved_bytes += core::align_up(ops::bytes_of(graph.value(value)), options.alignment);
      }
    };
    if (node.is("Concat")) {
      count(node.inputs, ops::AliasKind::kWindowOfOutput);
    } else if (node.is("Split") || node.is("Slice")) {
      count(node.outputs, ops::AliasKind::kWindowOfInput);
    }
    if (window.tensors > 0) plan.windows.push_back(std::move(window));
  }
  const std::int64_t spared = schedule.peak_without_windows - schedule.peak;
  plan.bound_without_windows =
      plan.windows.empty()
          ? plan.lower_bound
          : plan.lower_bound + static_cast<std::size_t>(std::max<std::int64_t>(0, spared));
}

void describe_steps(const Graph& graph, const schedule::Schedule& schedule,
                    const planner::Problem& problem, const planner::Solution& solution,
                    MemoryPlan& plan) {
  const std::vector<planner::Hole> holes = planner::holes(problem, solution, schedule.order.size());
  for (std::size_t step = 0; step < schedule.order.size(); ++step) {
    const graph::Node& node = graph.node(schedule.order[step]);
    plan.steps.push_back({.node = schedule.order[step],
                          .name = node.name,
                          .op = node.domain.empty() ? node.op : node.domain + "." + node.op,
                          .live_bytes = 0,
                          .hole_bytes = static_cast<std::size_t>(holes[step].size),
                          .hole_offset = static_cast<std::size_t>(holes[step].offset)});
  }
  // Live bytes as differences: what starts at a step, less what ended before it.
  std::vector<std::int64_t> change(plan.steps.size() + 1, 0);
  for (const planner::Buffer& buffer : problem.buffers) {
    if (buffer.first >= static_cast<int>(plan.steps.size())) continue;
    change[static_cast<std::size_t>(buffer.first)] += planner::footprint(buffer);
    change[static_cast<std::size_t>(buffer.last) + 1] -= planner::footprint(buffer);
  }
  std::int64_t live = 0;
  for (std::size_t step = 0; step < plan.steps.size(); ++step) {
    live += change[step];
    plan.steps[step].live_bytes = static_cast<std::size_t>(live);
  }
}

// All that some step makes or that the caller brings.
void describe_values(const Graph& graph, const schedule::Schedule& schedule, MemoryPlan& plan) {
  std::vector<PlanValue> values(graph.values().size());
  const auto at = [&](graph::ValueId id) -> PlanValue& {
    return values[static_cast<std::size_t>(id)];
  };
  const auto enter = [&](graph::ValueId id, int producer) {
    const graph::Value& value = graph.value(id);
    if (value.is_constant()) return;
    at(id) = {.value = id,
              .name = value.name,
              .type = value.type,
              .shape = *value.shape,
              .producer = producer,
              .readers = {}};
  };
  for (const graph::ValueId input : graph.inputs) enter(input, -1);
  for (std::size_t step = 0; step < schedule.order.size(); ++step) {
    const graph::Node& node = graph.node(schedule.order[step]);
    const int number = static_cast<int>(step);
    for (const graph::ValueId input : node.inputs) {
      if (input == kNoValue || at(input).value == kNoValue) continue;
      std::vector<int>& readers = at(input).readers;
      if (readers.empty() || readers.back() != number) readers.push_back(number);
    }
    for (const graph::ValueId output : node.outputs) {
      if (output != kNoValue) enter(output, number);
    }
  }
  for (const graph::ValueId output : graph.outputs) at(output).is_output = true;
  std::erase_if(values, [](const PlanValue& value) { return value.value == kNoValue; });
  plan.values = std::move(values);
  plan.model_name = graph.name;
}

}  // namespace

core::Result<MemoryPlan> build_plan(const Graph& graph, const schedule::Schedule& schedule,
                                    const Liveness& liveness, const PlanningOptions& options,
                                    const planner::Effort& effort) {
  PlacementList list(graph, schedule, liveness, options);
  const planner::Problem problem = state_problem(list.arena, options.alignment);
  MI_ASSIGN(const planner::Solution solution,
            options.share_memory ? planner::solve(problem, effort) : planner::unshared(problem));

  MemoryPlan plan;
  plan.keeps_inputs = options.keep_inputs;
  for (std::size_t i = 0; i < list.arena.size(); ++i) {
    list.arena[i].offset = static_cast<std::size_t>(solution.offsets[i]);
  }
  plan.total_memory = static_cast<std::size_t>(solution.height);
  plan.lower_bound = static_cast<std::size_t>(solution.lower_bound);
  plan.peak_step = solution.peak_step;
  plan.offsets_proof = solution.proof;
  plan.pools.push_back(
      {"activations", plan.total_memory, options.alignment, std::move(list.arena)});
  plan.bound = std::move(list.bound);
  describe_steps(graph, schedule, problem, solution, plan);
  describe_values(graph, schedule, plan);
  describe_windows(graph, schedule, options, plan);
  judge_order(schedule, options, plan);
  plan.plan_hash = plan_hash(plan, schedule);
  return plan;
}

}  // namespace mini_infer::runtime
