#include "optimizer/activation_match.h"
#include "optimizer/passes.h"
#include "optimizer/rewrite.h"

namespace mini_infer::optimizer {
namespace {

using core::Shape;
using graph::kNoNode;
using graph::kNoValue;
using graph::Node;
using graph::NodeId;
using graph::ValueId;

constexpr int kMinRank = 3;

// [N, C, 1, ...] beside an image of several positions.
bool gates(const Shape& gate, const Shape& image) {
  if (image.rank() < kMinRank || gate.rank() != image.rank()) return false;
  if (gate[0] != image[0] || gate[1] != image[1]) return false;
  return gate.elements(2, gate.rank()) == 1 && image.elements(2, image.rank()) > 1;
}

// An image times one gate per image and channel, and what follows it, in the only order the fused
// node computes: act(image * gate + residual). Values in between have one reader.
class ScaledImage {
 public:
  ScaledImage(Rewriter& rewriter, NodeId mul) : rewriter_(rewriter), last_(mul) {}

  void fuse() {
    if (!take_operands()) return;
    const NodeId mul = last_;
    take_residual();
    take_activation();
    Node& node = rewriter_.node(mul);
    node.op = "Scale";
    node.domain = graph::kInternalDomain;
    node.opset = 1;
    if (activation_.kind != ops::Activation::Kind::kNone) activation_.store(node);
    const ValueId output = rewriter_.node(last_).outputs[0];
    for (NodeId id : taken_) rewriter_.remove(id);
    rewriter_.set_inputs(mul, inputs_);
    rewriter_.set_output(mul, 0, output);
  }

 private:
  const Shape& shape(ValueId value) const { return *rewriter_.value(value).shape; }

  bool take_operands() {
    inputs_ = rewriter_.node(last_).inputs;
    if (rewriter_.value(inputs_[0]).type != core::DataType::kFloat32) return false;
    if (gates(shape(inputs_[0]), shape(inputs_[1]))) std::swap(inputs_[0], inputs_[1]);
    return gates(shape(inputs_[1]), shape(inputs_[0])) &&
           !rewriter_.value(inputs_[1]).is_constant();
  }

  void take(NodeId id) {
    taken_.push_back(id);
    last_ = id;
  }

  void take_residual() {
    const ValueId value = rewriter_.node(last_).outputs[0];
    const NodeId next = rewriter_.only_reader(value);
    if (next == kNoNode || !rewriter_.node(next).is("Add")) return;
    const auto& terms = rewriter_.node(next).inputs;
    const ValueId residual = terms[terms[0] == value ? 1 : 0];
    if (shape(residual) != shape(value)) return;
    inputs_.push_back(residual);
    take(next);
  }

  void take_activation() {
    const ValueId value = rewriter_.node(last_).outputs[0];
    const NodeId next = rewriter_.only_reader(value);
    if (next == kNoNode || rewriter_.node(next).inputs[0] != value) return;
    const auto activation = activation_of(rewriter_.graph(), rewriter_.node(next));
    if (!activation) return;
    activation_ = *activation;
    take(next);
  }

  Rewriter& rewriter_;
  NodeId last_;
  std::vector<ValueId> inputs_;
  ops::Activation activation_;
  std::vector<NodeId> taken_;
};

}  // namespace

core::Status fuse_scale(graph::Graph& graph) {
  Rewriter rewriter(graph);
  for (NodeId id : rewriter.nodes()) {
    if (!rewriter.removed(id) && rewriter.node(id).is("Mul")) ScaledImage(rewriter, id).fuse();
  }
  return rewriter.finish();
}

}  // namespace mini_infer::optimizer
