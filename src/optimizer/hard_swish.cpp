#include <array>
#include <cmath>

#include "optimizer/activation_match.h"
#include "optimizer/constants.h"

namespace mini_infer::optimizer {
namespace {

using graph::Graph;
using graph::kNoNode;
using graph::kNoValue;
using graph::Node;
using graph::ValueId;
using Kind = ops::Activation::Kind;

// Exporters print 1/6 with as few as six digits.
bool near(float value, float expected) { return std::fabs(value - expected) <= 1e-5f; }

const Node* producer_of(const Graph& graph, ValueId value) {
  const auto id = graph.value(value).producer;
  return id == kNoNode ? nullptr : &graph.node(id);
}

bool is_scalar(const Graph& graph, ValueId value, float expected) {
  const auto scalar = float_scalar(graph, value);
  return scalar && near(*scalar, expected);
}

// x of `x op expected`, for a commutative operator.
ValueId other_operand(const Graph& graph, const Node& node, float expected) {
  if (is_scalar(graph, node.inputs[1], expected)) return node.inputs[0];
  if (is_scalar(graph, node.inputs[0], expected)) return node.inputs[1];
  return kNoValue;
}

// x where the node is x / 6 or x * (1 / 6); else kNoValue.
ValueId sixfold(const Graph& graph, const Node& node) {
  if (node.is("Mul")) return other_operand(graph, node, 1.0f / 6.0f);
  return node.is("Div") && is_scalar(graph, node.inputs[1], 6.0f) ? node.inputs[0] : kNoValue;
}

// x where `value` is Clip(x + 3, 0, 6); else kNoValue.
ValueId under_relu6(const Graph& graph, ValueId value) {
  const Node* clip = producer_of(graph, value);
  if (clip == nullptr || !clip->is("Clip")) return kNoValue;
  const auto bounds = activation_of(graph, *clip);
  if (!bounds || bounds->alpha != 0.0f || bounds->beta != 6.0f) return kNoValue;
  const Node* add = producer_of(graph, clip->inputs[0]);
  return add != nullptr && add->is("Add") ? other_operand(graph, *add, 3.0f) : kNoValue;
}

// x where `value` is HardSigmoid(x) with the slope 1/6, by its name or written out; else kNoValue.
ValueId under_hard_sigmoid(const Graph& graph, ValueId value) {
  const Node* node = producer_of(graph, value);
  if (node == nullptr) return kNoValue;
  if (node->is("HardSigmoid")) {
    const auto activation = activation_of(graph, *node);
    const bool fits = near(activation->alpha, 1.0f / 6.0f) && near(activation->beta, 0.5f);
    return fits ? node->inputs[0] : kNoValue;
  }
  const ValueId six_times = sixfold(graph, *node);
  return six_times == kNoValue ? kNoValue : under_relu6(graph, six_times);
}

// x where the node is x * gate(x), in either order; else kNoValue.
ValueId gated(const Graph& graph, const Node& node, ValueId (*under_gate)(const Graph&, ValueId)) {
  if (!node.is("Mul")) return kNoValue;
  for (const auto& [x, gate] :
       {std::array{node.inputs[0], node.inputs[1]}, std::array{node.inputs[1], node.inputs[0]}}) {
    if (under_gate(graph, gate) == x) return x;
  }
  return kNoValue;
}

// x where the node is HardSwish(x); else kNoValue.
ValueId under_hard_swish(const Graph& graph, const Node& node) {
  if (const ValueId x = gated(graph, node, under_hard_sigmoid); x != kNoValue) return x;
  if (!node.is("Mul") && !node.is("Div")) return kNoValue;
  const ValueId six_times = sixfold(graph, node);
  const Node* product = six_times == kNoValue ? nullptr : producer_of(graph, six_times);
  return product == nullptr ? kNoValue : gated(graph, *product, under_relu6);
}

}  // namespace

void recognise_hard_swish(Graph& graph) {
  constexpr int kFirstOpset = 14;
  for (graph::NodeId id = 0; id < static_cast<graph::NodeId>(graph.nodes().size()); ++id) {
    const ValueId x = under_hard_swish(graph, graph.node(id));
    if (x == kNoValue) continue;
    Node& node = graph.node(id);
    node.op = "HardSwish";
    node.opset = kFirstOpset;
    node.inputs = {x};
    node.attributes.clear();
  }
}

}  // namespace mini_infer::optimizer
