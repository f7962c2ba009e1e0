#include "mini_infer/graph/graph.h"

#include <algorithm>

namespace mini_infer::graph {

ValueId Graph::add_value(Value value) {
  values_.push_back(std::move(value));
  return static_cast<ValueId>(values_.size() - 1);
}

ValueId Graph::add_constant(std::string value_name, core::Tensor tensor) {
  Value value;
  value.name = std::move(value_name);
  value.type = tensor.type();
  value.shape = tensor.shape();
  value.kind = MemoryKind::kConstant;
  value.constant = std::move(tensor);
  return add_value(std::move(value));
}

NodeId Graph::add_node(Node node) {
  const auto id = static_cast<NodeId>(nodes_.size());
  for (ValueId output : node.outputs) {
    if (output != kNoValue) value(output).producer = id;
  }
  nodes_.push_back(std::move(node));
  return id;
}

void Graph::replace_uses(ValueId from, ValueId to) {
  for (Node& node : nodes_) std::replace(node.inputs.begin(), node.inputs.end(), from, to);
  std::replace(outputs.begin(), outputs.end(), from, to);
}

bool Graph::is_output(ValueId id) const {
  return std::find(outputs.begin(), outputs.end(), id) != outputs.end();
}

std::vector<std::vector<NodeId>> Graph::readers() const {
  std::vector<std::vector<NodeId>> readers(values_.size());
  for (NodeId id = 0; id < static_cast<NodeId>(nodes_.size()); ++id) {
    for (ValueId input : node(id).inputs) {
      if (input != kNoValue) readers[static_cast<std::size_t>(input)].push_back(id);
    }
  }
  return readers;
}

core::Status Graph::compact(const std::vector<bool>& keep) {
  std::vector<NodeId> order;
  if (auto status = topological_sort(order); !status.ok()) return status;

  Graph kept;
  std::vector<ValueId> renumbered(values_.size(), kNoValue);
  auto take = [&](ValueId& id) {
    if (id == kNoValue) return;
    ValueId& now = renumbered[static_cast<std::size_t>(id)];
    if (now == kNoValue) {
      now = kept.add_value(std::move(value(id)));
      kept.value(now).producer = kNoNode;
    }
    id = now;
  };
  for (auto* list : {&inputs, &outer_values}) std::for_each(list->begin(), list->end(), take);
  for (NodeId id : order) {
    if (!keep[static_cast<std::size_t>(id)]) continue;
    Node moved = std::move(node(id));
    std::for_each(moved.inputs.begin(), moved.inputs.end(), take);
    std::for_each(moved.outputs.begin(), moved.outputs.end(), take);
    kept.add_node(std::move(moved));
  }
  std::for_each(outputs.begin(), outputs.end(), take);
  nodes_ = std::move(kept.nodes_);
  values_ = std::move(kept.values_);
  return core::Status::SUCCESS;
}

}  // namespace mini_infer::graph
