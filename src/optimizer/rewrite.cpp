#include "optimizer/rewrite.h"

#include <algorithm>
#include <utility>

#include "graph/files.h"

namespace mini_infer::optimizer {

using graph::kNoNode;
using graph::kNoValue;
using graph::Node;
using graph::NodeId;
using graph::ValueId;

ValueId input_of(const Node& node, std::size_t slot) {
  return slot < node.inputs.size() ? node.inputs[slot] : kNoValue;
}

Rewriter::Rewriter(graph::Graph& graph)
    : graph_(graph),
      readers_(graph.readers()),
      is_output_(graph.values().size(), false),
      removed_(graph.nodes().size(), false) {
  for (ValueId output : graph.outputs) is_output_[static_cast<std::size_t>(output)] = true;
}

std::vector<NodeId> Rewriter::nodes() const {
  std::vector<NodeId> ids;
  for (NodeId id = 0; id < static_cast<NodeId>(removed_.size()); ++id) {
    if (!removed(id)) ids.push_back(id);
  }
  return ids;
}

NodeId Rewriter::only_reader(ValueId value) const {
  const auto& all = readers(value);
  return all.size() == 1 && !is_output(value) ? all.front() : kNoNode;
}

ValueId Rewriter::add_value(std::string name, core::DataType type, core::Shape shape) {
  graph::Value value;
  value.name = std::move(name);
  value.type = type;
  value.shape = std::move(shape);
  readers_.emplace_back();
  is_output_.push_back(false);
  return graph_.add_value(std::move(value));
}

ValueId Rewriter::add_constant(std::string name, core::Tensor tensor) {
  readers_.emplace_back();
  is_output_.push_back(false);
  graph::release_pages_behind(graph_, tensor);
  return graph_.add_constant(std::move(name), std::move(tensor));
}

NodeId Rewriter::add_node(Node node) {
  const NodeId id = graph_.add_node(std::move(node));
  removed_.push_back(false);
  for (ValueId input : graph_.node(id).inputs) {
    if (input != kNoValue) readers_[static_cast<std::size_t>(input)].push_back(id);
  }
  return id;
}

void Rewriter::forget_reader(ValueId value, NodeId reader) {
  if (value == kNoValue) return;
  auto& all = readers_[static_cast<std::size_t>(value)];
  all.erase(std::find(all.begin(), all.end(), reader));
}

void Rewriter::set_inputs(NodeId id, std::vector<ValueId> inputs) {
  for (ValueId old : node(id).inputs) forget_reader(old, id);
  node(id).inputs = std::move(inputs);
  for (ValueId input : node(id).inputs) {
    if (input != kNoValue) readers_[static_cast<std::size_t>(input)].push_back(id);
  }
}

void Rewriter::set_input(NodeId id, int slot, ValueId value) {
  ValueId& input = node(id).inputs[static_cast<std::size_t>(slot)];
  forget_reader(input, id);
  input = value;
  readers_[static_cast<std::size_t>(value)].push_back(id);
}

void Rewriter::set_output(NodeId id, int slot, ValueId value) {
  ValueId& output = node(id).outputs[static_cast<std::size_t>(slot)];
  graph_.value(output).producer = kNoNode;
  output = value;
  graph_.value(value).producer = id;
}

void Rewriter::add_output(NodeId id, ValueId value) {
  node(id).outputs.push_back(value);
  graph_.value(value).producer = id;
}

void Rewriter::remove(NodeId id) {
  set_inputs(id, {});
  for (ValueId output : node(id).outputs) {
    if (output != kNoValue && value(output).producer == id) graph_.value(output).producer = kNoNode;
  }
  node(id).outputs.clear();
  removed_[static_cast<std::size_t>(id)] = true;
}

void Rewriter::redirect_readers(ValueId from, ValueId to) {
  for (NodeId reader : std::exchange(readers_[static_cast<std::size_t>(from)], {})) {
    auto& inputs = node(reader).inputs;
    std::replace(inputs.begin(), inputs.end(), from, to);
    readers_[static_cast<std::size_t>(to)].push_back(reader);
  }
}

bool Rewriter::can_bypass(NodeId id) const {
  const ValueId input = node(id).inputs[0];
  if (!is_output(node(id).outputs[0])) return true;
  return value(input).producer != kNoNode && !is_output(input);
}

core::Status Rewriter::bypass(NodeId id) {
  if (!can_bypass(id)) {
    return {core::Status::ERROR_INTERNAL,
            graph::describe(node(id)) +
                " cannot be bypassed: expected an input or an output that "
                "may vanish, found a graph output behind a value that stays"};
  }
  const ValueId input = node(id).inputs[0];
  const ValueId output = node(id).outputs[0];
  if (!is_output(output)) {
    remove(id);
    redirect_readers(output, input);
    return core::Status::SUCCESS;
  }
  const NodeId producer = value(input).producer;
  const auto& made = node(producer).outputs;
  const auto slot = std::find(made.begin(), made.end(), input) - made.begin();
  remove(id);
  set_output(producer, static_cast<int>(slot), output);
  redirect_readers(input, output);
  return core::Status::SUCCESS;
}

core::Status Rewriter::finish() {
  std::vector<bool> keep = removed_;
  keep.flip();
  return graph_.compact(keep);
}

}  // namespace mini_infer::optimizer
