#include "optimizer/activation_match.h"
#include "optimizer/gated.h"

namespace mini_infer::optimizer {
// x * HardSigmoid(x) with the slope 1/6, or x * Clip(x + 3, 0, 6) / 6.
std::optional<Replacement> hard_swish_of(const Rewriter& rewriter, const Gated& gated) {
  using Kind = ops::Activation::Kind;
  constexpr int kHardSwishOpset = 14;
  const auto producer = rewriter.value(gated.gate).producer;
  if (producer == graph::kNoNode) return std::nullopt;
  const graph::Node& node = rewriter.node(producer);
  const auto gate = activation_of(rewriter.graph(), node);
  if (!gate) return std::nullopt;
  const Line inner = line_of(rewriter, node.inputs[0]);
  if (inner.x != gated.x || !near(inner.slope, 1)) return std::nullopt;
  const bool by_name = gate->kind == Kind::kHardSigmoid && gated.coefficient == 1 &&
                       inner.offset == 0 && near(gate->alpha, 1.0 / 6) && near(gate->beta, 0.5);
  const bool written_out = gate->kind == Kind::kClip && near(gated.coefficient, 1.0 / 6) &&
                           near(inner.offset, 3) && gate->alpha == 0 && gate->beta == 6;
  if (!by_name && !written_out) return std::nullopt;
  return Replacement{"HardSwish", kHardSwishOpset};
}

}  // namespace mini_infer::optimizer
