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

constexpr std::size_t kResidual = 3;

bool is_normalization(const Rewriter& rewriter, const Node& node) {
  const bool last_axes = node.is("LayerNormalization") || node.is("RMSNormalization");
  if (!last_axes || node.outputs.size() != 1) return false;
  return rewriter.value(node.inputs[1]).is_constant() &&
         (input_of(node, 2) == kNoValue || rewriter.value(node.inputs[2]).is_constant());
}

// The Add of two float32 tensors of one shape that makes the value; else kNoNode.
NodeId addition(const Rewriter& rewriter, ValueId sum) {
  const NodeId id = rewriter.value(sum).producer;
  if (id == kNoNode || !rewriter.node(id).is("Add")) return kNoNode;
  for (ValueId term : rewriter.node(id).inputs) {
    const Value& value = rewriter.value(term);
    const bool fits =
        value.type == core::DataType::kFloat32 && value.shape == rewriter.value(sum).shape;
    if (!fits) return kNoNode;
  }
  return id;
}

// The parameters are constants, so that whoever else reads the sum can wait for the normalisation.
void take_addition(Rewriter& rewriter, NodeId id) {
  const ValueId sum = rewriter.node(id).inputs[0];
  const NodeId add = addition(rewriter, sum);
  if (add == kNoNode) return;
  const bool kept = rewriter.only_reader(sum) != id;
  std::vector<ValueId> inputs = rewriter.node(id).inputs;
  inputs.resize(kResidual + 1, kNoValue);
  inputs[0] = rewriter.node(add).inputs[0];
  inputs[kResidual] = rewriter.node(add).inputs[1];
  rewriter.remove(add);
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
