#include "optimizer/activation_match.h"
#include "optimizer/gated.h"

namespace mini_infer::optimizer {
namespace {

using ops::Activation;

constexpr int kHardSwishOpset = 14;

// The activation that makes the gate, when it is of this kind.
std::optional<Activation> gate_of(const graph::Graph& graph, const graph::Node& node,
                                  Activation::Kind kind) {
  const auto activation = activation_of(graph, node);
  return activation && activation->kind == kind ? activation : std::nullopt;
}

}  // namespace

// x * HardSigmoid(x) with the slope 1/6, or x * Clip(x + 3, 0, 6) / 6.
std::optional<Replacement> hard_swish_of(const Rewriter& rewriter, const Gated& gated) {
  const graph::Graph& graph = rewriter.graph();
  const auto producer = rewriter.value(gated.gate).producer;
  if (producer == graph::kNoNode) return std::nullopt;
  const graph::Node& node = rewriter.node(producer);
  const Line inner = line_of(rewriter, node.inputs[0]);
  const double c = gated.coefficient;
  bool fits = inner.x == gated.x && near(inner.slope, 1);
  if (const auto gate = gate_of(graph, node, Activation::Kind::kHardSigmoid)) {
    fits =
        fits && inner.offset == 0 && c == 1 && near(gate->alpha, 1.0 / 6) && near(gate->beta, 0.5);
  } else if (const auto clip = gate_of(graph, node, Activation::Kind::kClip)) {
    fits = fits && near(inner.offset, 3) && near(c, 1.0 / 6) && clip->alpha == 0 && clip->beta == 6;
  } else {
    return std::nullopt;
  }
  return fits ? std::optional(Replacement{"HardSwish", kHardSwishOpset}) : std::nullopt;
}

}  // namespace mini_infer::optimizer
