#include "ops/infer.h"

#include <algorithm>

#include "core/try.h"
#include "graph/dim_text.h"
#include "graph/files.h"
#include "ops/alias.h"
#include "ops/declared_shape.h"
#include "ops/op_def.h"

namespace mini_infer::ops {
namespace {

using core::Status;
using graph::Graph;
using graph::kNoValue;
using graph::Node;
using graph::NodeId;
using graph::Value;
using graph::ValueId;

Status require_known_inputs(const Graph& graph) {
  std::string unbound;
  for (ValueId id : graph.inputs) {
    const Value& value = graph.value(id);
    if (value.shape) continue;
    unbound += (unbound.empty() ? "'" : ", '") + value.name + "'";
    if (value.declared) unbound.append(" ").append(graph::dim_text(*value.declared));
  }
  if (unbound.empty()) return Status::SUCCESS;
  return {Status::ERROR_INVALID_ARGUMENT,
          "the shape of input " + unbound +
              " is not fixed by the model; bind it with graph::bind_input_shape"};
}

// Every output has a type and a shape whose bytes can be counted.
Status check_outputs(const NodeView& view) {
  for (int slot = 0; slot < view.output_count(); ++slot) {
    if (!view.has_output(slot)) continue;
    const Value& value = view.graph().value(view.node().outputs[static_cast<std::size_t>(slot)]);
    if (!value.shape)
      return view.fail("the shape of output " + std::to_string(slot) + " is unknown");
    if (value.type == core::DataType::kString) return view.unsupported_type(value.type);
    if (!core::checked_bytes(value.type, *value.shape)) {
      return view.fail("output " + std::to_string(slot) + " would be " +
                       core::type_name(value.type) + value.shape->to_string() +
                       ", which has no size in bytes");
    }
  }
  return Status::SUCCESS;
}

bool computable(const NodeView& view, const OpDef& def) {
  if (!def.foldable) return false;
  for (std::size_t slot = 0; slot < view.node().inputs.size(); ++slot) {
    const ValueId input = view.node().inputs[slot];
    if (input == kNoValue || contains(def.shape_inputs, static_cast<int>(slot))) continue;
    if (!view.graph().value(input).is_constant()) return false;
  }
  return true;
}

Status compute(Graph& graph, NodeId id, const Evaluator& evaluate) {
  MI_ASSIGN(auto outputs, evaluate(graph, id));
  for (std::size_t slot = 0; slot < outputs.size(); ++slot) {
    const ValueId output = graph.node(id).outputs[slot];
    if (output == kNoValue) continue;
    graph::release_pages_behind(graph, outputs[slot]);
    graph.value(output).constant = std::move(outputs[slot]);
    graph.value(output).kind = graph::MemoryKind::kConstant;
  }
  return Status::SUCCESS;
}

}  // namespace

Status infer(Graph& graph, const Evaluator& evaluate) {
  MI_TRY(require_known_inputs(graph));
  std::vector<NodeId> order;
  MI_TRY(graph.topological_sort(order));
  for (NodeId id : order) {
    InferContext context(graph, id);
    const OpDef* def = find(graph.node(id));
    if (def == nullptr) return context.unsupported("this operator");
    if (!context.has_output(0)) return context.fail("its first output is missing");
    MI_TRY(def->infer(context));
    MI_TRY(check_outputs(context));
    if (computable(context, *def)) MI_TRY(compute(graph, id, evaluate));
  }
  drop_wrong_annotations(graph);
  return Status::SUCCESS;
}

std::vector<std::string> shape_deciding_inputs(const Graph& graph) {
  std::vector<bool> needed(graph.values().size(), false);
  std::vector<NodeId> order;
  if (!graph.topological_sort(order).ok()) return {};
  std::reverse(order.begin(), order.end());
  for (NodeId id : order) {
    const Node& node = graph.node(id);
    const OpDef* def = find(node);
    if (def == nullptr) continue;
    const bool output_needed = std::any_of(
        node.outputs.begin(), node.outputs.end(),
        [&](ValueId v) { return v != kNoValue && needed[static_cast<std::size_t>(v)]; });
    for (std::size_t slot = 0; slot < node.inputs.size(); ++slot) {
      if (node.inputs[slot] == kNoValue || contains(def->shape_inputs, static_cast<int>(slot)))
        continue;
      if (output_needed || contains(def->value_inputs, static_cast<int>(slot))) {
        needed[static_cast<std::size_t>(node.inputs[slot])] = true;
      }
    }
  }
  std::vector<std::string> names;
  for (ValueId input : graph.inputs) {
    if (needed[static_cast<std::size_t>(input)]) names.push_back(graph.value(input).name);
  }
  return names;
}

}  // namespace mini_infer::ops
