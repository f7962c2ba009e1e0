#pragma once

#include "cpu/ops/epilogue.h"
#include "ops/conv.h"

namespace mini_infer::cpu {

// One run of a convolution. `bias` and `residual` may be null; `residual` may be `y`.
struct ConvTensors {
  const float* x;
  const float* w;
  const float* bias;
  const float* residual;
  float* y;
};

// NHWC with one input channel and one filter per group; tensors.w: packed weights.
void conv_depthwise_nhwc(const ops::ConvGeometry& geometry, const ops::Activation& activation,
                         const ConvTensors& tensors, const Simd& simd, core::ThreadPool& threads);
// [C, 1, kernel...], aligned or not, to [kernel..., C].
void pack_depthwise(const core::Tensor& weights, std::int64_t channels, float* to);

void conv_nchw(const ops::ConvGeometry& geometry, const Epilogue& epilogue,
               const ConvTensors& tensors);

}  // namespace mini_infer::cpu
