#include "optimizer/pattern.h"

#include <algorithm>
#include <cmath>

#include "optimizer/constants.h"

namespace mini_infer::optimizer {
namespace {

using graph::Graph;
using graph::kNoNode;
using graph::kNoValue;
using graph::Node;
using graph::NodeId;
using graph::ValueId;

// Nodes on the way through one line or product: what exporters write has fewer.
constexpr int kMaxDepth = 8;

bool contains(const std::vector<ValueId>& list, ValueId value) {
  return std::find(list.begin(), list.end(), value) != list.end();
}

// The node that makes the value for one reader only; else nullptr.
const Node* inner_node(const Rewriter& rewriter, ValueId value) {
  const NodeId producer = rewriter.value(value).producer;
  if (producer == kNoNode || rewriter.only_reader(value) == kNoNode) return nullptr;
  return &rewriter.node(producer);
}

// The node as a line of one of its inputs; nullopt when it is none.
std::optional<Line> line_step(const Graph& graph, const Node& node) {
  if (node.is("Neg")) return Line{node.inputs[0], -1, 0};
  const bool add = node.is("Add"), sub = node.is("Sub"), mul = node.is("Mul");
  if (!add && !sub && !mul && !node.is("Div")) return std::nullopt;
  const ValueId left = node.inputs[0], right = node.inputs[1];
  if (const auto c = number(graph, right)) {
    if (add || sub) return Line{left, 1, add ? *c : -*c};
    if (!mul && *c == 0) return std::nullopt;
    return Line{left, mul ? *c : 1 / *c, 0};
  }
  const auto c = number(graph, left);
  if (!c || node.is("Div")) return std::nullopt;
  return mul ? Line{right, *c, 0} : Line{right, add ? 1.0 : -1.0, *c};
}

void multiply(const Rewriter& rewriter, ValueId value, int depth, Product& product);

void multiply_inputs(const Rewriter& rewriter, const Node& node, int depth, Product& product) {
  multiply(rewriter, node.inputs[0], depth + 1, product);
  if (node.is("Mul")) return multiply(rewriter, node.inputs[1], depth + 1, product);
  product.coefficient /= *number(rewriter.graph(), node.inputs[1]);
}

bool multiplies(const Graph& graph, const Node& node) {
  return node.is("Mul") || (node.is("Div") && number(graph, node.inputs[1]));
}

void multiply(const Rewriter& rewriter, ValueId value, int depth, Product& product) {
  if (const auto constant = number(rewriter.graph(), value)) {
    product.coefficient *= *constant;
    return;
  }
  const Node* node = inner_node(rewriter, value);
  if (node != nullptr && depth < kMaxDepth && multiplies(rewriter.graph(), *node)) {
    return multiply_inputs(rewriter, *node, depth, product);
  }
  product.factors.push_back(value);
}

// The nodes that `last` is computed by from these inputs.
std::vector<NodeId> nodes_between(const Rewriter& rewriter, const std::vector<ValueId>& inputs,
                                  NodeId last) {
  std::vector<NodeId> found = {last};
  for (std::size_t next = 0; next < found.size(); ++next) {
    for (ValueId input : rewriter.node(found[next]).inputs) {
      const NodeId producer = input == kNoValue ? kNoNode : rewriter.value(input).producer;
      if (producer == kNoNode || contains(inputs, input) || contains(found, producer)) continue;
      found.push_back(producer);
    }
  }
  return found;
}

bool needed_elsewhere(const Rewriter& rewriter, NodeId id, const std::vector<NodeId>& inside) {
  const auto& outputs = rewriter.node(id).outputs;
  return std::any_of(outputs.begin(), outputs.end(), [&](ValueId output) {
    if (output == kNoValue) return false;
    const auto& readers = rewriter.readers(output);
    return rewriter.is_output(output) ||
           !std::all_of(readers.begin(), readers.end(),
                        [&](NodeId reader) { return contains(inside, reader); });
  });
}

bool like_input(const Rewriter& rewriter, NodeId last, ValueId input) {
  const graph::Value& output = rewriter.value(rewriter.node(last).outputs[0]);
  return output.type == core::DataType::kFloat32 && output.shape == rewriter.value(input).shape;
}

}  // namespace

const Node* made_by(const Graph& graph, ValueId value, std::string_view op) {
  const NodeId id = value == kNoValue ? kNoNode : graph.value(value).producer;
  return id != kNoNode && graph.node(id).is(op) ? &graph.node(id) : nullptr;
}

bool near(double number, double expected) { return std::fabs(number - expected) <= 1e-5; }

std::optional<double> number(const Graph& graph, ValueId value) {
  if (!is_single(graph, value)) return std::nullopt;
  if (const auto scalar = float_scalar(graph, value)) return *scalar;
  const auto integers = int_constant(graph, value);
  if (!integers) return std::nullopt;
  return static_cast<double>(integers->front());
}

bool is_number(const Graph& graph, ValueId value, double expected) {
  const auto found = number(graph, value);
  return found && near(*found, expected);
}

Line line_of(const Rewriter& rewriter, ValueId value) {
  Line line{value};
  for (int depth = 0; depth < kMaxDepth; ++depth) {
    const Node* node = inner_node(rewriter, line.x);
    const auto step = node == nullptr ? std::nullopt : line_step(rewriter.graph(), *node);
    if (!step) break;
    line = {step->x, line.slope * step->slope, line.slope * step->offset + line.offset};
  }
  return line;
}

Product product_of(const Rewriter& rewriter, NodeId node) {
  Product product;
  if (multiplies(rewriter.graph(), rewriter.node(node))) {
    multiply_inputs(rewriter, rewriter.node(node), 0, product);
  }
  return product;
}

bool replace(Rewriter& rewriter, NodeId last, std::vector<ValueId> inputs, Replacement by) {
  if (!like_input(rewriter, last, inputs[0])) return false;
  const std::vector<NodeId> inside = nodes_between(rewriter, inputs, last);
  for (NodeId id : inside) {
    if (id != last && needed_elsewhere(rewriter, id, inside)) return false;
  }
  Node& node = rewriter.node(last);
  node.op = std::move(by.op);
  node.opset = by.opset;
  node.attributes = std::move(by.attributes);
  rewriter.set_inputs(last, std::move(inputs));
  for (NodeId id : inside) {
    if (id != last) rewriter.remove(id);
  }
  return true;
}

}  // namespace mini_infer::optimizer
