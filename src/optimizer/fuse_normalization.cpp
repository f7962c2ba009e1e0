#include <algorithm>

#include "optimizer/constants.h"
#include "optimizer/group_normalization.h"
#include "optimizer/normalization_match.h"
#include "optimizer/passes.h"

namespace mini_infer::optimizer {
namespace {

using core::Shape;
using graph::kNoNode;
using graph::kNoValue;
using graph::NodeId;
using graph::ValueId;

constexpr int kLayerNormalizationOpset = 17;
constexpr int kRmsNormalizationOpset = 23;

// Whether the value is a constant with one number per element of a row.
bool is_row_parameter(const Rewriter& rewriter, const Normalization& of, ValueId value) {
  const auto* constant = find_float_constant(rewriter.graph(), value);
  const Shape& x = *rewriter.value(of.x).shape;
  if (constant == nullptr || constant->shape().rank() > x.rank()) return false;
  const int lead = x.rank() - constant->shape().rank();
  for (int axis = 0; axis < x.rank(); ++axis) {
    const std::int64_t extent = axis < lead ? 1 : constant->shape()[axis - lead];
    if (extent != (axis < of.axis ? 1 : x[axis])) return false;
  }
  return true;
}

// The node that follows alone, when it is this operator applied to the value and a parameter; the
// parameter is stored.
NodeId take_parameter(const Rewriter& rewriter, const Normalization& of, NodeId last,
                      std::string_view op, ValueId& parameter) {
  const ValueId value = rewriter.node(last).outputs[0];
  const NodeId next = rewriter.only_reader(value);
  if (next == kNoNode || !rewriter.node(next).is(op)) return last;
  const auto& inputs = rewriter.node(next).inputs;
  const ValueId other = inputs[inputs[0] == value ? 1 : 0];
  if (!is_row_parameter(rewriter, of, other)) return last;
  parameter = other;
  return next;
}

ValueId add_ones(Rewriter& rewriter, const Normalization& of) {
  const Shape& x = *rewriter.value(of.x).shape;
  const Shape row(std::vector<std::int64_t>(x.begin() + of.axis, x.end()));
  const std::vector<double> ones(static_cast<std::size_t>(row.elements()), 1.0);
  return rewriter.add_constant(rewriter.value(of.x).name + "_scale", float_tensor(row, ones));
}

bool replace_by_normalization(Rewriter& rewriter, const Normalization& of, NodeId last) {
  std::vector<ValueId> inputs = {of.x, of.scale};
  if (of.scale == kNoValue) inputs[1] = add_ones(rewriter, of);
  if (of.bias != kNoValue) inputs.push_back(of.bias);
  const std::int64_t axis = of.axis - rewriter.value(of.x).shape->rank();
  Replacement by{
      "LayerNormalization", kLayerNormalizationOpset, {{"axis", axis}, {"epsilon", of.epsilon}}};
  if (!of.centred) {
    by.op = "RMSNormalization";
    by.opset = kRmsNormalizationOpset;
  }
  return replace(rewriter, last, std::move(inputs), std::move(by));
}

void fuse_quotient(Rewriter& rewriter, NodeId id, Normalization of) {
  NodeId last = take_parameter(rewriter, of, id, "Mul", of.scale);
  if (of.centred) last = take_parameter(rewriter, of, last, "Add", of.bias);
  replace_by_normalization(rewriter, of, last);
}

void fuse_sum(Rewriter& rewriter, NodeId id, const Normalization& of) {
  for (ValueId parameter : {of.scale, of.bias}) {
    if (parameter != kNoValue && !is_row_parameter(rewriter, of, parameter)) return;
  }
  replace_by_normalization(rewriter, of, id);
}

}  // namespace

core::Status fuse_normalization(graph::Graph& graph) {
  Rewriter rewriter(graph);
  for (NodeId id : rewriter.nodes()) {
    if (rewriter.removed(id)) continue;
    if (rewriter.node(id).is("InstanceNormalization")) fuse_group_normalization(rewriter, id);
    if (const auto quotient = normalization_quotient(graph, rewriter.node(id))) {
      fuse_quotient(rewriter, id, *quotient);
    } else if (const auto sum = normalization_sum(graph, rewriter.node(id))) {
      fuse_sum(rewriter, id, *sum);
    }
  }
  return rewriter.finish();
}

}  // namespace mini_infer::optimizer
