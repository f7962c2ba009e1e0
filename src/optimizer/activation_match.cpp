#include "optimizer/activation_match.h"

#include <limits>

#include "optimizer/constants.h"

namespace mini_infer::optimizer {
namespace {

using graph::Graph;
using graph::kNoValue;
using graph::Node;
using graph::ValueId;
using ops::Activation;
using Kind = ops::Activation::Kind;

// A bound of Clip: an attribute in old opsets, an input in newer ones. One left out is
// the largest finite number, as the operator has it: an infinity becomes that number.
std::optional<float> bound(const Graph& graph, const Node& node, const char* key, std::size_t slot,
                           float none) {
  if (node.opset < 11) return node.get_float(key, none);
  if (slot >= node.inputs.size() || node.inputs[slot] == kNoValue) return none;
  return float_scalar(graph, node.inputs[slot]);
}

std::optional<Activation> clip_of(const Graph& graph, const Node& node) {
  using Limits = std::numeric_limits<float>;
  const auto lowest = bound(graph, node, "min", 1, Limits::lowest());
  const auto highest = bound(graph, node, "max", 2, Limits::max());
  if (!lowest || !highest) return std::nullopt;
  return Activation{Kind::kClip, *lowest, *highest};
}

}  // namespace

std::optional<Activation> activation_of(const Graph& graph, const Node& node) {
  if (node.is("Relu")) return Activation{Kind::kRelu};
  if (node.is("Sigmoid")) return Activation{Kind::kSigmoid};
  if (node.is("Tanh")) return Activation{Kind::kTanh};
  if (node.is("HardSwish")) return Activation{Kind::kHardSwish};
  if (node.is("Mish")) return Activation{Kind::kMish};
  if (node.is("Gelu")) {
    const bool tanh = node.get_string("approximate", "none") == "tanh";
    return Activation{tanh ? Kind::kGeluTanh : Kind::kGelu};
  }
  if (node.is("Swish")) return Activation{Kind::kSwish, node.get_float("alpha", 1)};
  if (node.is("Elu")) return Activation{Kind::kElu, node.get_float("alpha", 1)};
  if (node.is("LeakyRelu")) return Activation{Kind::kLeakyRelu, node.get_float("alpha", 0.01f)};
  if (node.is("HardSigmoid")) {
    return Activation{Kind::kHardSigmoid, node.get_float("alpha", 0.2f),
                      node.get_float("beta", 0.5f)};
  }
  return node.is("Clip") ? clip_of(graph, node) : std::nullopt;
}

}  // namespace mini_infer::optimizer
