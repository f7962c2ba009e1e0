#include "optimizer/gated.h"

namespace mini_infer::optimizer {
namespace {

using graph::Graph;
using graph::kNoValue;
using graph::ValueId;

constexpr int kSwishOpset = 24;
constexpr int kMishOpset = 18;

// x where `value` is log(1 + exp(x)), by its name or written out; else kNoValue.
ValueId under_softplus(const Rewriter& rewriter, ValueId value) {
  const Graph& graph = rewriter.graph();
  if (const auto* softplus = made_by(graph, value, "Softplus")) return softplus->inputs[0];
  const auto* log = made_by(graph, value, "Log");
  if (log == nullptr) return kNoValue;
  const Line inner = line_of(rewriter, log->inputs[0]);
  const auto* exp = made_by(graph, inner.x, "Exp");
  return exp != nullptr && inner.slope == 1 && inner.offset == 1 ? exp->inputs[0] : kNoValue;
}

}  // namespace

// x * sigmoid(alpha * x): SiLU when alpha is 1, "quick GELU" when it is 1.702.
std::optional<Replacement> swish_of(const Rewriter& rewriter, const Gated& gated) {
  const auto* sigmoid = made_by(rewriter.graph(), gated.gate, "Sigmoid");
  if (sigmoid == nullptr || gated.coefficient != 1) return std::nullopt;
  const Line inner = line_of(rewriter, sigmoid->inputs[0]);
  if (inner.x != gated.x || inner.offset != 0) return std::nullopt;
  return Replacement{"Swish", kSwishOpset, {{"alpha", static_cast<float>(inner.slope)}}};
}

// x * tanh(softplus(x))
std::optional<Replacement> mish_of(const Rewriter& rewriter, const Gated& gated) {
  const auto* tanh = made_by(rewriter.graph(), gated.gate, "Tanh");
  if (tanh == nullptr || gated.coefficient != 1) return std::nullopt;
  if (under_softplus(rewriter, tanh->inputs[0]) != gated.x) return std::nullopt;
  return Replacement{"Mish", kMishOpset};
}

}  // namespace mini_infer::optimizer
