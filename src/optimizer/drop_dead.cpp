#include <algorithm>

#include "optimizer/passes.h"

namespace mini_infer::optimizer {
namespace {

using graph::Graph;
using graph::kNoNode;
using graph::kNoValue;
using graph::Node;
using graph::NodeId;
using graph::ValueId;

std::vector<bool> needed_nodes(const Graph& graph) {
  std::vector<bool> needed(graph.nodes().size(), false);
  std::vector<NodeId> open;
  auto need = [&](ValueId value) {
    const NodeId producer = value == kNoValue ? kNoNode : graph.value(value).producer;
    if (producer == kNoNode || needed[static_cast<std::size_t>(producer)]) return;
    needed[static_cast<std::size_t>(producer)] = true;
    open.push_back(producer);
  };
  std::for_each(graph.outputs.begin(), graph.outputs.end(), need);
  while (!open.empty()) {
    const Node& node = graph.node(open.back());
    open.pop_back();
    std::for_each(node.inputs.begin(), node.inputs.end(), need);
  }
  return needed;
}

// The first output that the standard lets a node leave out, for operators whose kernels then do
// less; -1 for the others.
int first_optional_output(const Node& node) {
  if (node.op == "Attention") return 1;
  if (node.is("MaxPool") || node.is("Dropout") || node.is("LayerNormalization")) return 1;
  if (node.domain == graph::kInternalDomain) {
    return node.op == "LayerNormalization" || node.op == "RMSNormalization" ? 1 : -1;
  }
  if (node.is("LSTM") || node.is("GRU") || node.is("RNN")) return 0;
  return -1;
}

void leave_out_unread_outputs(Graph& graph) {
  const auto readers = graph.readers();
  std::vector<bool> wanted(graph.values().size(), false);
  for (std::size_t value = 0; value < wanted.size(); ++value)
    wanted[value] = !readers[value].empty();
  for (ValueId output : graph.outputs) wanted[static_cast<std::size_t>(output)] = true;

  for (NodeId id = 0; id < static_cast<NodeId>(graph.nodes().size()); ++id) {
    std::vector<ValueId>& outputs = graph.node(id).outputs;
    const int first = first_optional_output(graph.node(id));
    if (first < 0) continue;
    for (auto slot = static_cast<std::size_t>(first); slot < outputs.size(); ++slot) {
      if (outputs[slot] == kNoValue || wanted[static_cast<std::size_t>(outputs[slot])]) continue;
      graph.value(outputs[slot]).producer = kNoNode;
      outputs[slot] = kNoValue;
    }
    while (!outputs.empty() && outputs.back() == kNoValue) outputs.pop_back();
  }
}

}  // namespace

core::Status drop_dead(Graph& graph) {
  if (auto status = graph.compact(needed_nodes(graph)); !status.ok()) return status;
  leave_out_unread_outputs(graph);
  return graph.compact(std::vector<bool>(graph.nodes().size(), true));
}

}  // namespace mini_infer::optimizer
