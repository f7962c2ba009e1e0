#include "cpu/simd/code/activate.h"

namespace mini_infer::cpu::MI_ISA {
namespace {

using ops::Activation;

template <typename Function>
void map(float* y, std::int64_t count, Function function) {
  for (std::int64_t i = 0; i < count; ++i) y[i] = function(y[i]);
}

}  // namespace

// The kind is looked at once, so that each loop is vector code.
void activate(const Activation& a, float* y, std::int64_t count) {
  switch (a.kind) {
    case Activation::Kind::kNone:
      return;
    case Activation::Kind::kRelu:
      return map(y, count, ops::Relu{});
    case Activation::Kind::kClip:
      return map(y, count, ops::Clip{a.alpha, a.beta});
    case Activation::Kind::kLeakyRelu:
      return map(y, count, ops::LeakyRelu{a.alpha});
    case Activation::Kind::kSigmoid:
      return map(y, count, ops::Sigmoid{});
    case Activation::Kind::kTanh:
      return map(y, count, ops::Tanh{});
    case Activation::Kind::kHardSigmoid:
      return map(y, count, ops::HardSigmoid{a.alpha, a.beta});
    case Activation::Kind::kHardSwish:
      return map(y, count, ops::HardSwish{});
  }
}

}  // namespace mini_infer::cpu::MI_ISA
