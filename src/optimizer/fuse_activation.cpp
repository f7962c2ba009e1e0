#include <array>

#include "optimizer/activation_match.h"
#include "optimizer/gated.h"
#include "optimizer/passes.h"

namespace mini_infer::optimizer {
namespace {

using graph::kNoNode;
using graph::Node;
using graph::NodeId;
using graph::ValueId;
using ops::Activation;

constexpr std::array kGatedActivations = {swish_of, hard_swish_of, mish_of, gelu_of};

// A product of a value and a gate made of it, in either order.
bool fuse_gated(Rewriter& rewriter, NodeId id) {
  const Product product = product_of(rewriter, id);
  if (product.factors.size() != 2) return false;
  for (std::size_t x : {0u, 1u}) {
    const Gated gated{product.coefficient, product.factors[x], product.factors[1 - x]};
    for (const auto match : kGatedActivations) {
      auto activation = match(rewriter, gated);
      if (activation && replace(rewriter, id, {gated.x}, std::move(*activation))) return true;
    }
  }
  return false;
}

// Clip(a * x + b, 0, c) / c is HardSigmoid(x) with the slope a / c and the offset b / c.
void fuse_hard_sigmoid(Rewriter& rewriter, NodeId id) {
  const ValueId output = rewriter.node(id).outputs[0];
  const NodeId next = rewriter.only_reader(output);
  const auto clip = activation_of(rewriter.graph(), rewriter.node(id));
  if (!clip || clip->kind != Activation::Kind::kClip || clip->alpha != 0) return;
  const Product scaled = next == kNoNode ? Product{} : product_of(rewriter, next);
  const bool divided = scaled.factors == std::vector{output};
  const double factor = divided ? scaled.coefficient : 1;
  const Line inner = line_of(rewriter, rewriter.node(id).inputs[0]);
  if (inner.x == rewriter.node(id).inputs[0] || !near(factor * clip->beta, 1)) return;
  replace(rewriter, divided ? next : id, {inner.x},
          {"HardSigmoid",
           6,
           {{"alpha", static_cast<float>(factor * inner.slope)},
            {"beta", static_cast<float>(factor * inner.offset)}}});
}

}  // namespace

core::Status fuse_activation(graph::Graph& graph) {
  Rewriter rewriter(graph);
  for (NodeId id : rewriter.nodes()) {
    if (rewriter.removed(id) || fuse_gated(rewriter, id)) continue;
    if (rewriter.node(id).is("Clip")) fuse_hard_sigmoid(rewriter, id);
  }
  return rewriter.finish();
}

}  // namespace mini_infer::optimizer
