#include "ops/activation.h"

#include <array>
#include <string_view>

#include "mini_infer/graph/graph.h"

namespace mini_infer::ops {
namespace {

// Indexed by Activation::Kind.
constexpr std::array<std::string_view, 13> kNames = {
    "",          "Relu",  "Clip", "LeakyRelu", "Sigmoid", "Tanh",    "HardSigmoid",
    "HardSwish", "Swish", "Mish", "Elu",       "Gelu",    "GeluTanh"};

}  // namespace

Activation Activation::of(const graph::Node& node) {
  Activation activation;
  const std::string name = node.get_string("activation", "");
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    if (name == kNames[i]) activation.kind = static_cast<Kind>(i);
  }
  activation.alpha = node.get_float("activation_alpha", 0);
  activation.beta = node.get_float("activation_beta", 0);
  return activation;
}

void Activation::store(graph::Node& node) const {
  node.attributes["activation"] = std::string(kNames[static_cast<std::size_t>(kind)]);
  node.attributes["activation_alpha"] = alpha;
  node.attributes["activation_beta"] = beta;
}

}  // namespace mini_infer::ops
