#include <optional>

#include "ops/layer_normalization.h"
#include "optimizer/passes.h"
#include "optimizer/rewrite.h"

namespace mini_infer::optimizer {
namespace {

using graph::kNoNode;
using graph::kNoValue;
using graph::Node;
using graph::NodeId;
using graph::Value;
using graph::ValueId;

bool is_normalization(const Rewriter& rewriter, const Node& node) {
  const bool last_axes = node.is("LayerNormalization") || node.is("RMSNormalization");
  if (!last_axes || node.outputs.size() != 1) return false;
  const auto is_parameter = [&](ValueId value) {
    return rewriter.value(value).is_constant() &&
           rewriter.value(value).type == core::DataType::kFloat32;
  };
  return is_parameter(node.inputs[1]) &&
         (input_of(node, 2) == kNoValue || is_parameter(node.inputs[2]));
}

// What is added to what of the normalised shape.
struct Addition {
  NodeId node = kNoNode;
  ValueId x = kNoValue;
  ValueId residual = kNoValue;
};

// The addition that makes the value, of which rows from `axis` on are normalised.
std::optional<Addition> addition(const Rewriter& rewriter, ValueId sum, int axis) {
  const NodeId id = rewriter.value(sum).producer;
  const Value& value = rewriter.value(sum);
  if (id == kNoNode || !rewriter.node(id).is("Add")) return std::nullopt;
  if (value.type != core::DataType::kFloat32) return std::nullopt;
  const auto& terms = rewriter.node(id).inputs;
  for (std::size_t x : {0u, 1u}) {
    const core::Shape& residual = *rewriter.value(terms[1 - x]).shape;
    const bool fits = rewriter.value(terms[x]).shape == value.shape &&
                      ops::residual_rows(residual, *value.shape, axis);
    if (fits) return Addition{id, terms[x], terms[1 - x]};
  }
  return std::nullopt;
}

// The parameters are constants, so that whoever else reads the sum can wait for the normalisation.
void take_addition(Rewriter& rewriter, NodeId id) {
  const ValueId sum = rewriter.node(id).inputs[0];
  const int rank = rewriter.input_shape(id).rank();
  const auto axis = static_cast<int>(rewriter.node(id).get_int("axis", -1));
  const auto found = addition(rewriter, sum, axis < 0 ? axis + rank : axis);
  if (!found) return;
  const bool kept = rewriter.only_reader(sum) != id;
  std::vector<ValueId> inputs = rewriter.node(id).inputs;
  inputs.resize(ops::kNormalizationResidual + 1, kNoValue);
  inputs[0] = found->x;
  inputs[ops::kNormalizationResidual] = found->residual;
  rewriter.remove(found->node);
  rewriter.set_inputs(id, std::move(inputs));
  Node& node = rewriter.node(id);
  node.domain = graph::kInternalDomain;
  node.opset = 1;
  if (kept) rewriter.add_output(id, sum);
}

}  // namespace

core::Status fuse_residual(graph::Graph& graph) {
  Rewriter rewriter(graph);
  for (NodeId id : rewriter.nodes()) {
    if (!rewriter.removed(id) && is_normalization(rewriter, rewriter.node(id))) {
      take_addition(rewriter, id);
    }
  }
  return rewriter.finish();
}

}  // namespace mini_infer::optimizer
