#include "optimizer/reshape.h"

#include <numeric>

#include "optimizer/constants.h"

namespace mini_infer::optimizer {

using core::Shape;
using graph::Graph;
using graph::Node;
using graph::NodeId;
using graph::ValueId;

namespace {

constexpr int kReshapeOpset = 14;  // the first that can state an extent of 0

}  // namespace

std::vector<std::int64_t> permutation_of(const Graph& graph, NodeId transpose) {
  const Node& node = graph.node(transpose);
  const auto rank = static_cast<std::int64_t>(graph.value(node.inputs[0]).shape->rank());
  std::vector<std::int64_t> reversed(static_cast<std::size_t>(rank));
  std::iota(reversed.rbegin(), reversed.rend(), 0);
  auto permutation = node.get_ints("perm", reversed);
  for (std::int64_t& axis : permutation) axis += axis < 0 ? rank : 0;
  return permutation;
}

bool moves_no_element(const Shape& shape, const std::vector<std::int64_t>& permutation) {
  std::int64_t last = -1;
  for (std::int64_t axis : permutation) {
    if (shape[static_cast<int>(axis)] == 1) continue;
    if (axis < last) return false;
    last = axis;
  }
  return true;
}

bool is_view(const Graph& graph, NodeId id) {
  const Node& node = graph.node(id);
  if (node.is("Reshape") || node.is("Flatten") || node.is("Squeeze") || node.is("Unsqueeze")) {
    return true;
  }
  return node.is("Transpose") &&
         moves_no_element(*graph.value(node.inputs[0]).shape, permutation_of(graph, id));
}

ValueId viewed_value(const Graph& graph, ValueId value) {
  for (NodeId id = graph.value(value).producer; id != graph::kNoNode && is_view(graph, id);
       id = graph.value(value).producer) {
    value = graph.node(id).inputs[0];
  }
  return value;
}

void make_reshape(Rewriter& rewriter, NodeId id, ValueId input, const Shape& shape) {
  Node& node = rewriter.node(id);
  node.op = "Reshape";
  node.opset = kReshapeOpset;
  node.attributes.clear();
  if (shape.elements() == 0) node.attributes["allowzero"] = std::int64_t{1};
  const ValueId extents = rewriter.add_constant(node.name + "_shape", int_tensor(shape.dims()));
  rewriter.set_inputs(id, {input, extents});
}

void join_views(Rewriter& rewriter, NodeId id) {
  const ValueId root = viewed_value(rewriter.graph(), rewriter.node(id).inputs[0]);
  const bool in_chain = root != rewriter.node(id).inputs[0];
  if (!in_chain && !rewriter.node(id).is("Transpose")) return;
  make_reshape(rewriter, id, root, rewriter.output_shape(id));
}

void add_reshape(Rewriter& rewriter, ValueId from, ValueId to) {
  Node node;
  node.name = rewriter.value(to).name + "_reshape";
  node.inputs = {from};
  node.outputs = {to};
  const NodeId id = rewriter.add_node(std::move(node));
  make_reshape(rewriter, id, from, rewriter.output_shape(id));
}

}  // namespace mini_infer::optimizer
