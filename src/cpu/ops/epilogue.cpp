#include "cpu/ops/epilogue.h"

namespace mini_infer::cpu {
namespace {

using ops::Activation;

template <typename Function>
void map(float* values, std::int64_t count, Function function) {
  for (std::int64_t i = 0; i < count; ++i) values[i] = function(values[i]);
}

// The common activations are chosen once per run of values, so that their loops are vector code.
void activate(const Activation& activation, float* values, std::int64_t count) {
  switch (activation.kind) {
    case Activation::Kind::kNone:
      return;
    case Activation::Kind::kRelu:
      return map(values, count, ops::Relu{});
    case Activation::Kind::kClip:
      return map(values, count, ops::Clip{activation.alpha, activation.beta});
    default:
      return map(values, count, [&](float x) { return ops::apply(activation, x); });
  }
}

}  // namespace

Activation activation_of(const ops::NodeView& view) {
  const bool fused = view.node().domain == graph::kInternalDomain;
  return fused ? Activation::of(view.node()) : Activation{};
}

void Epilogue::store(float* sums, std::int64_t count, const float* bias, std::int64_t bias_step,
                     const float* residual, float* y) const {
  if (alpha != 1) map(sums, count, [this](float sum) { return alpha * sum; });
  if (bias != nullptr) {
    for (std::int64_t i = 0; i < count; ++i) sums[i] += beta * bias[i * bias_step];
  }
  if (residual != nullptr) {
    for (std::int64_t i = 0; i < count; ++i) sums[i] += residual[i];
  }
  activate(activation, sums, count);
  for (std::int64_t i = 0; i < count; ++i) y[i] = sums[i];
}

}  // namespace mini_infer::cpu
