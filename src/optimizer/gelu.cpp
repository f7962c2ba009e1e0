#include "optimizer/gated.h"
#include "optimizer/polynomial.h"

namespace mini_infer::optimizer {
namespace {

using graph::Graph;
using graph::ValueId;

constexpr int kGeluOpset = 20;
constexpr double kInverseSqrt2 = 0.70710678118654752440;
constexpr double kSqrt2OverPi = 0.79788456080286535588;

bool is_cubic(const Graph& graph, ValueId value, ValueId x, const Cubic& expected) {
  const auto cubic = cubic_of(graph, value, x);
  if (!cubic) return false;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    if (!near((*cubic)[i], expected[i])) return false;
  }
  return true;
}

}  // namespace

// x * (1 + f(x)) / 2, where f is erf(x / √2) or tanh(√(2/π) (x + 0.044715 x³)).
std::optional<Replacement> gelu_of(const Rewriter& rewriter, const Gated& gated) {
  const Graph& graph = rewriter.graph();
  const Line gate = line_of(rewriter, gated.gate);
  const bool halves =
      near(gated.coefficient * gate.slope, 0.5) && near(gated.coefficient * gate.offset, 0.5);
  if (!halves) return std::nullopt;
  if (const auto* erf = made_by(graph, gate.x, "Erf")) {
    if (!is_cubic(graph, erf->inputs[0], gated.x, {0, kInverseSqrt2})) return std::nullopt;
    return Replacement{"Gelu", kGeluOpset};
  }
  const auto* tanh = made_by(graph, gate.x, "Tanh");
  const Cubic inner = {0, kSqrt2OverPi, 0, kSqrt2OverPi * 0.044715};
  if (tanh == nullptr || !is_cubic(graph, tanh->inputs[0], gated.x, inner)) return std::nullopt;
  return Replacement{"Gelu", kGeluOpset, {{"approximate", std::string("tanh")}}};
}

}  // namespace mini_infer::optimizer
