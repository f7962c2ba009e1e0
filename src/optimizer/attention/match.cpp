#include "optimizer/attention/match.h"

#include <algorithm>

#include "optimizer/constants.h"

namespace mini_infer::optimizer {
namespace {

using core::DataType;
using core::Shape;
using graph::kNoNode;
using graph::kNoValue;
using graph::Node;
using graph::NodeId;
using graph::ValueId;

bool is_matrices(const Shape& shape) { return shape.rank() == 3 || shape.rank() == 4; }

// The batch where a Reshape joins [batch, heads] or splits it, keeping the matrices; else 0.
std::int64_t batch_of_reshape(const Rewriter& rewriter, NodeId id) {
  if (!rewriter.node(id).is("Reshape")) return 0;
  const Shape from = rewriter.input_shape(id);
  const Shape to = rewriter.output_shape(id);
  const bool fits = is_matrices(from) && is_matrices(to) && from.rank() != to.rank() &&
                    from[from.rank() - 2] == to[to.rank() - 2] &&
                    from[from.rank() - 1] == to[to.rank() - 1];
  return fits ? (from.rank() == 4 ? from[0] : to[0]) : 0;
}

// The number that a constant is full of.
std::optional<float> uniform(const graph::Graph& graph, ValueId value) {
  const auto constant = float_constant(graph, value);
  if (!constant || constant->elements() == 0) return std::nullopt;
  const auto elements = constant->as<float>();
  const bool same = std::all_of(elements.begin(), elements.end(),
                                [&](float element) { return element == elements[0]; });
  return same ? std::optional(elements[0]) : std::nullopt;
}

// Walks from the Softmax up to the product of queries and keys.
class Scores {
 public:
  explicit Scores(const Rewriter& rewriter) : rewriter_(rewriter) {}

  // Fills `match` from the nodes that make `scores`, of which `reader` must be the only reader.
  bool match(ValueId scores, NodeId reader, AttentionMatch& match) const {
    const NodeId id = rewriter_.value(scores).producer;
    if (id == kNoNode || rewriter_.only_reader(scores) != reader) return false;
    const Node& node = rewriter_.node(id);
    if (node.is("MatMul")) return product(node, match);
    if (node.is("Mul") || node.is("Div")) return scaled(id, match);
    if (node.is("Add")) return added(id, match);
    if (node.is("Where")) return chosen(id, match);
    return reshaped(id, match);
  }

 private:
  const std::optional<Shape>& shape(ValueId value) const { return rewriter_.value(value).shape; }

  bool product(const Node& node, AttentionMatch& match) const {
    match.query = node.inputs[0];
    match.key = node.inputs[1];
    return is_matrices(*shape(match.query)) &&
           shape(match.query)->rank() == shape(match.key)->rank();
  }

  bool reshaped(NodeId id, AttentionMatch& match) const {
    const std::int64_t batch = batch_of_reshape(rewriter_, id);
    if (batch == 0 || !this->match(rewriter_.node(id).inputs[0], id, match)) return false;
    match.batch = batch;
    return true;
  }

  // The scores that a node changes, seen through one slot; the node must not broadcast them.
  bool through(NodeId id, std::size_t slot, AttentionMatch& match) const {
    const Node& node = rewriter_.node(id);
    return shape(node.inputs[slot]) == shape(node.outputs[0]) &&
           this->match(node.inputs[slot], id, match);
  }

  bool scaled(NodeId id, AttentionMatch& match) const {
    const Node& node = rewriter_.node(id);
    const std::size_t scalar = node.is("Mul") && uniform(graph(), node.inputs[0]) ? 0 : 1;
    const auto factor = uniform(graph(), node.inputs[scalar]);
    if (!factor || !through(id, 1 - scalar, match) || !match.masks.empty()) return false;
    match.scale *= node.is("Mul") ? *factor : 1 / *factor;
    return true;
  }

  bool added(NodeId id, AttentionMatch& match) const {
    const Node& node = rewriter_.node(id);
    for (const std::size_t mask : {std::size_t{1}, std::size_t{0}}) {
      AttentionMatch attempt = match;
      if (!through(id, 1 - mask, attempt)) continue;
      attempt.masks.push_back({.value = node.inputs[mask], .scores = *shape(node.outputs[0])});
      match = std::move(attempt);
      return true;
    }
    return false;
  }

  // Where(keep, scores, number) or Where(hide, number, scores).
  bool chosen(NodeId id, AttentionMatch& match) const {
    const Node& node = rewriter_.node(id);
    const bool hides = uniform(graph(), node.inputs[1]).has_value();
    const auto replacement = uniform(graph(), node.inputs[hides ? 1 : 2]);
    if (!replacement || !through(id, hides ? 2 : 1, match)) return false;
    match.masks.push_back({.value = node.inputs[0],
                           .is_bool = true,
                           .hides = hides,
                           .replacement = *replacement,
                           .scores = *shape(node.outputs[0])});
    return true;
  }

  const graph::Graph& graph() const { return rewriter_.graph(); }

  const Rewriter& rewriter_;
};

bool is_over_last_axis(const Rewriter& rewriter, const Node& softmax) {
  const int rank = rewriter.value(softmax.inputs[0]).shape->rank();
  const std::int64_t axis = softmax.get_int("axis", softmax.opset < 13 ? 1 : -1);
  return axis == -1 || axis == rank - 1;
}

// Where(IsNaN(weights), 0, weights), the only reader of `weights`; else kNoNode.
NodeId nan_guard(const Rewriter& rewriter, ValueId weights) {
  const auto& readers = rewriter.readers(weights);
  if (readers.size() != 2 || rewriter.is_output(weights)) return kNoNode;
  const bool first_tests = rewriter.node(readers[0]).is("IsNaN");
  const Node& test = rewriter.node(readers[first_tests ? 0 : 1]);
  const NodeId guard = readers[first_tests ? 1 : 0];
  const Node& where = rewriter.node(guard);
  if (!test.is("IsNaN") || !where.is("Where")) return kNoNode;
  const bool fits = where.inputs[0] == test.outputs[0] && where.inputs[2] == weights &&
                    uniform(rewriter.graph(), where.inputs[1]) == 0.0f &&
                    rewriter.value(where.outputs[0]).shape == rewriter.value(weights).shape &&
                    rewriter.only_reader(test.outputs[0]) == guard;
  return fits ? guard : kNoNode;
}

// From the Softmax down to the product with the values.
bool match_weights(const Rewriter& rewriter, ValueId weights, AttentionMatch& match) {
  if (const NodeId guard = nan_guard(rewriter, weights); guard != kNoNode) {
    match.nan_is_zero = true;
    weights = rewriter.node(guard).outputs[0];
  }
  NodeId id = rewriter.only_reader(weights);
  if (id != kNoNode && batch_of_reshape(rewriter, id) != 0) {
    match.batch = batch_of_reshape(rewriter, id);
    weights = rewriter.node(id).outputs[0];
    id = rewriter.only_reader(weights);
  }
  if (id == kNoNode || !rewriter.node(id).is("MatMul")) return false;
  const Node& node = rewriter.node(id);
  match.value = node.inputs[1];
  match.last = id;
  return node.inputs[0] == weights &&
         rewriter.value(match.value).shape->rank() == rewriter.value(weights).shape->rank();
}

}  // namespace

std::optional<AttentionMatch> match_attention(const Rewriter& rewriter, NodeId softmax) {
  const Node& node = rewriter.node(softmax);
  if (!node.is("Softmax") || rewriter.value(node.outputs[0]).type != DataType::kFloat32) {
    return std::nullopt;
  }
  AttentionMatch match;
  const bool fits = is_over_last_axis(rewriter, node) &&
                    match_weights(rewriter, node.outputs[0], match) &&
                    Scores(rewriter).match(node.inputs[0], softmax, match);
  return fits ? std::optional(match) : std::nullopt;
}

}  // namespace mini_infer::optimizer
