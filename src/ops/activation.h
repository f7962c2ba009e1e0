#pragma once

#include <cstdint>

#include "ops/functor.h"

namespace mini_infer::graph {
struct Node;
}

// The activations that a fused Conv, Gemm or MatMul may end with.
namespace mini_infer::ops {

// Written on fused nodes as the attributes "activation" (the operator it replaces),
// "activation_alpha" and "activation_beta".
struct Activation {
  enum class Kind : std::uint8_t {
    kNone,
    kRelu,
    kClip,
    kLeakyRelu,
    kSigmoid,
    kTanh,
    kHardSigmoid,
    kHardSwish
  };
  Kind kind = Kind::kNone;
  float alpha = 0;  // Clip: lowest; LeakyRelu: slope; HardSigmoid: slope
  float beta = 0;   // Clip: highest; HardSigmoid: offset

  // As the node's attributes state it; kNone without them.
  static Activation of(const graph::Node& node);
  void store(graph::Node& node) const;
};

inline namespace MI_ISA {

MI_HD inline float apply(const Activation& activation, float x) {
  switch (activation.kind) {
    case Activation::Kind::kNone:
      return x;
    case Activation::Kind::kRelu:
      return Relu{}(x);
    case Activation::Kind::kClip:
      return Clip{activation.alpha, activation.beta}(x);
    case Activation::Kind::kLeakyRelu:
      return LeakyRelu{activation.alpha}(x);
    case Activation::Kind::kSigmoid:
      return Sigmoid{}(x);
    case Activation::Kind::kTanh:
      return Tanh{}(x);
    case Activation::Kind::kHardSigmoid:
      return HardSigmoid{activation.alpha, activation.beta}(x);
    case Activation::Kind::kHardSwish:
      return HardSwish{}(x);
  }
  return x;
}

}  // namespace MI_ISA

}  // namespace mini_infer::ops
