#pragma once

#include <cuda_runtime.h>

#include "cuda/hints.h"
#include "cuda/optional.h"
#include "cuda/pack.h"
#include "ops/activation.h"
#include "ops/dispatch.h"

namespace mini_infer::cuda {

// Of a node of the optimiser; none of another.
inline ops::Activation activation_of(const ops::NodeView& view) {
  const bool fused = view.node().domain == graph::kInternalDomain;
  return fused ? ops::Activation::of(view.node()) : ops::Activation{};
}

// Called, because all of them inlined for every sum of a tile would be more code than a GPU keeps
// at hand.
__device__ MI_NOINLINE inline float activate_by_call(const ops::Activation& activation, float x) {
  return ops::apply(activation, x);
}

__device__ inline float activated(const ops::Activation& activation, float x) {
  if (activation.kind == ops::Activation::Kind::kNone) return x;
  if (activation.kind == ops::Activation::Kind::kRelu) return ops::Relu{}(x);
  if (activation.kind == ops::Activation::Kind::kClip) {
    return ops::Clip{activation.alpha, activation.beta}(x);
  }
  return activate_by_call(activation, x);
}

// What Conv, Gemm and MatMul do to their sums before they store them:
// y = activation(alpha * sum + beta * bias + residual). The residual lies as y does, and may be y.
template <typename T>
struct Epilogue {
  const T* bias = nullptr;
  const T* residual = nullptr;
  T* y = nullptr;
  float alpha = 1;
  float beta = 1;
  ops::Activation activation = {};

  // `at` and `bias_at`: where the result goes, and where its bias is.
  template <typename Sum>
  __device__ void store(Sum sum, std::int64_t at, std::int64_t bias_at) const {
    if constexpr (std::is_floating_point_v<Sum>) {
      sum *= alpha;
      if (bias != nullptr) sum += beta * ops::widened(bias[bias_at]);
      if (residual != nullptr) sum += ops::widened(residual[at]);
      y[at] = ops::convert<T>(activated(activation, sum));
    } else {
      y[at] = sum;
    }
  }

  // The same for neighbours, whose biases are neighbours too; both places are multiples of kCount.
  template <int kCount>
  __device__ void store_pack(const float (&sums)[kCount], std::int64_t at,
                             std::int64_t bias_at) const {
    Pack<T, kCount> biases{};
    Pack<T, kCount> residuals{};
    if (bias != nullptr) biases = load_pack<T, kCount>(bias + bias_at);
    if (residual != nullptr) residuals = load_pack<T, kCount>(residual + at);
    Pack<T, kCount> pack;
    MI_UNROLL
    for (int i = 0; i < kCount; ++i) {
      float sum = alpha * sums[i];
      if (bias != nullptr) sum += beta * ops::widened(biases.at[i]);
      if (residual != nullptr) sum += ops::widened(residuals.at[i]);
      pack.at[i] = ops::convert<T>(activated(activation, sum));
    }
    cuda::store_pack(y + at, pack);
  }

  // The same on the tensors of a run: inputs 2 and 3 are the bias and the residual.
  Epilogue on(const ops::KernelArgs& args) const {
    Epilogue bound = *this;
    bound.bias = optional_input<T>(args, 2);
    bound.residual = optional_input<T>(args, 3);
    bound.y = args.out<T>(0);
    return bound;
  }
};

}  // namespace mini_infer::cuda
