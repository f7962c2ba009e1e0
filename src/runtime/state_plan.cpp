#include "runtime/state_plan.h"

#include "core/try.h"
#include "judge/execution.h"
#include "judge/order_bound.h"
#include "judge/packing.h"
#include "ops/alias.h"
#include "ops/tensor_window.h"
#include "schedule/windows.h"

namespace mini_infer::runtime {
namespace {

using core::Status;
using graph::Graph;
using graph::kNoValue;
using graph::ValueId;
using judge::Statement;

// Else the judges would refuse plans of ours.
static_assert(schedule::kMostRowsApart <= judge::kMostRowsApart);

Status refuse(const std::string& message) { return {Status::ERROR_INTERNAL, message}; }

judge::StorageKind kind_of(TensorPlacement::Kind kind) {
  switch (kind) {
    case TensorPlacement::Kind::kTensor:
      return judge::StorageKind::kTensor;
    case TensorPlacement::Kind::kWorkspace:
      return judge::StorageKind::kWorkspace;
    case TensorPlacement::Kind::kScratch:
      return judge::StorageKind::kScratch;
  }
  return judge::StorageKind::kTensor;
}

class Writer {
 public:
  Writer(const Graph& graph, const MemoryPlan& plan, bool may_overwrite)
      : graph_(graph),
        plan_(plan),
        may_overwrite_(may_overwrite),
        number_(graph.values().size(), -1) {}

  core::Result<Statement> write() {
    MI_TRY(check_nodes());
    if (plan_.pools.size() != 1) return refuse("the plan has not one pool");
    statement_.alignment = static_cast<std::int64_t>(plan_.pools.front().alignment);
    statement_.keeps_inputs = plan_.keeps_inputs;
    // Inputs of a fixed value have no bytes here: kernels read the constant.
    for (const ValueId input : graph_.inputs) {
      if (!graph_.value(input).is_constant()) statement_.inputs.push_back(number(input));
    }
    for (const PlanStep& step : plan_.steps) add(step);
    for (const ValueId output : graph_.outputs) statement_.outputs.push_back(number(output));
    MI_TRY(add(plan_.pools.front().tensors, statement_.arena));
    MI_TRY(add(plan_.bound, statement_.callers));
    statement_.claims = {.arena_bytes = static_cast<std::int64_t>(plan_.total_memory),
                         .lower_bound = static_cast<std::int64_t>(plan_.lower_bound),
                         .peak_step = plan_.peak_step,
                         .offsets_proof = plan_.offsets_proof,
                         .order_bound = static_cast<std::int64_t>(plan_.order_bound),
                         .order_proof = plan_.order_proof};
    return std::move(statement_);
  }

 private:
  Status check_nodes() const {
    std::vector<bool> run(graph_.nodes().size(), false);
    for (std::size_t step = 0; step < plan_.steps.size(); ++step) {
      const graph::NodeId id = plan_.steps[step].node;
      if (id < 0 || id >= static_cast<graph::NodeId>(run.size())) {
        return refuse("step " + std::to_string(step) + " runs no node of the graph");
      }
      if (run[static_cast<std::size_t>(id)]) {
        return refuse(graph::describe(graph_.node(id)) + " runs twice");
      }
      run[static_cast<std::size_t>(id)] = true;
    }
    if (plan_.steps.size() != run.size()) return refuse("some nodes never run");
    return Status::SUCCESS;
  }

  // Values are numbered as they come to be.
  int number(ValueId id) {
    int& number = number_[static_cast<std::size_t>(id)];
    if (number < 0) {
      number = static_cast<int>(statement_.values.size());
      const graph::Value& value = graph_.value(id);
      const auto bytes = static_cast<std::int64_t>(ops::bytes_of(value));
      const std::int64_t rows = bytes == 0 || value.shape->rank() == 0
                                    ? 1
                                    : value.shape->elements(0, value.shape->rank() - 1);
      statement_.values.push_back({value.name, bytes, bytes % rows == 0 ? bytes / rows : bytes});
    }
    return number;
  }

  void add(const PlanStep& from) {
    const ops::NodeView view(graph_, from.node);
    judge::Step step;
    step.node = graph::describe(view.node());
    step.elementwise = ops::find(view.node())->elementwise;
    step.hole_offset = static_cast<std::int64_t>(from.hole_offset);
    step.hole_bytes = static_cast<std::int64_t>(from.hole_bytes);
    // By slot: the place in the step's lists, or -1.
    std::vector<int> inputs(view.node().inputs.size(), -1);
    std::vector<int> outputs(view.node().outputs.size(), -1);
    for (int slot = 0; slot < view.input_count(); ++slot) {
      const auto at = static_cast<std::size_t>(slot);
      const ValueId id = view.node().inputs[at];
      if (id == kNoValue || graph_.value(id).is_constant()) continue;
      inputs[at] = static_cast<int>(step.inputs.size());
      step.inputs.push_back({number(id), ops::reads_bytes(view, slot)});
    }
    for (std::size_t slot = 0; slot < outputs.size(); ++slot) {
      if (view.node().outputs[slot] == kNoValue) continue;
      outputs[slot] = static_cast<int>(step.outputs.size());
      step.outputs.push_back(number(view.node().outputs[slot]));
    }
    for (const ops::Alias& alias : ops::aliases(view)) {
      const judge::Alias places{outputs[static_cast<std::size_t>(alias.output)],
                                inputs[static_cast<std::size_t>(alias.input)]};
      if (places.input < 0) continue;
      if (alias.kind == ops::AliasKind::kView) {
        step.views.push_back(places);
      } else if (may_overwrite_) {
        step.overwrites.push_back(places);
      }
    }
    if (may_overwrite_) add_windows(view, inputs, outputs, step);
    statement_.steps.push_back(std::move(step));
  }

  // `inputs`, `outputs`: by slot, the place in the step's lists.
  void add_windows(const ops::NodeView& view, const std::vector<int>& inputs,
                   const std::vector<int>& outputs, judge::Step& step) const {
    for (const ops::TensorWindow& window : ops::windows(view)) {
      const auto output = static_cast<std::size_t>(window.output);
      const auto input = static_cast<std::size_t>(window.input);
      if (inputs[input] < 0) continue;
      const graph::Value& value = graph_.value(view.node().outputs[output]);
      const int bits = core::bits_per_element(value.type);
      if (bits % 8 != 0) continue;
      step.windows.push_back({.output = outputs[output],
                              .input = inputs[input],
                              .of_output = window.of_output,
                              .row = window.row,
                              .column = window.column * (bits / 8)});
    }
  }

  Status add(const std::vector<TensorPlacement>& tensors, std::vector<judge::Storage>& to) {
    for (const TensorPlacement& tensor : tensors) {
      judge::Storage storage{.kind = kind_of(tensor.kind),
                             .name = tensor.name,
                             .values = {},
                             .parts = {},
                             .offset = static_cast<std::int64_t>(tensor.offset),
                             .bytes = static_cast<std::int64_t>(tensor.size_bytes),
                             .first_step = tensor.first_step,
                             .last_step = tensor.last_step};
      for (const ValueId id : tensor.values) {
        if (id < 0 || id >= static_cast<ValueId>(number_.size())) {
          return refuse("storage '" + tensor.name + "' holds no value of the graph");
        }
        storage.values.push_back(number(id));
      }
      for (const WindowPlacement& window : tensor.windows) {
        if (window.value < 0 || window.value >= static_cast<ValueId>(number_.size())) {
          return refuse("storage '" + tensor.name + "' holds no value of the graph");
        }
        storage.parts.push_back({.value = number(window.value),
                                 .offset = static_cast<std::int64_t>(window.offset_bytes),
                                 .row_bytes = static_cast<std::int64_t>(window.row_bytes),
                                 .pitch = static_cast<std::int64_t>(window.pitch_bytes)});
      }
      to.push_back(std::move(storage));
    }
    return Status::SUCCESS;
  }

  const Graph& graph_;
  const MemoryPlan& plan_;
  bool may_overwrite_;
  std::vector<int> number_;  // by ValueId; -1 before it is mentioned
  Statement statement_;
};

}  // namespace

core::Result<Statement> state_plan(const Graph& graph, const MemoryPlan& plan, bool may_overwrite) {
  return Writer(graph, plan, may_overwrite).write();
}

Status judge_plan(const Statement& statement) {
  MI_TRY(judge::check_packing(statement).with_context("the packing judge refused the plan"));
  MI_TRY(judge::check_execution(statement).with_context("the execution judge refused the plan"));
  return judge::check_order(statement).status().with_context("the order's judge refused the plan");
}

}  // namespace mini_infer::runtime
