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
    kHardSwish,
    kSwish,
    kMish,
    kElu,
    kGelu,
    kGeluTanh
  };
  Kind kind = Kind::kNone;
  float alpha = 0;  // Clip: lowest; LeakyRelu, HardSigmoid: slope; Swish, Elu: as the standard's
  float beta = 0;   // Clip: highest; HardSigmoid: offset

  // As the node's attributes state it; kNone without them.
  static Activation of(const graph::Node& node);
  void store(graph::Node& node) const;
};

inline namespace MI_ISA {

// use(functor of the activation), so that loops over many numbers choose it once.
template <typename Use>
MI_HD inline auto with_functor(const Activation& activation, Use use) {
  switch (activation.kind) {
    case Activation::Kind::kNone:
      break;
    case Activation::Kind::kRelu:
      return use(Relu{});
    case Activation::Kind::kClip:
      return use(Clip{activation.alpha, activation.beta});
    case Activation::Kind::kLeakyRelu:
      return use(LeakyRelu{activation.alpha});
    case Activation::Kind::kSigmoid:
      return use(Sigmoid{});
    case Activation::Kind::kTanh:
      return use(Tanh{});
    case Activation::Kind::kHardSigmoid:
      return use(HardSigmoid{activation.alpha, activation.beta});
    case Activation::Kind::kHardSwish:
      return use(HardSwish{});
    case Activation::Kind::kSwish:
      return use(Swish{activation.alpha});
    case Activation::Kind::kMish:
      return use(Mish{});
    case Activation::Kind::kElu:
      return use(Elu{activation.alpha});
    case Activation::Kind::kGelu:
      return use(Gelu{});
    case Activation::Kind::kGeluTanh:
      return use(GeluTanh{});
  }
  return use(Unchanged{});
}

MI_HD inline float apply(const Activation& activation, float x) {
  return with_functor(activation, [x](auto function) { return function(x); });
}

}  // namespace MI_ISA

}  // namespace mini_infer::ops
