#pragma once

#include "ops/activation.h"
#include "ops/spatial_case.h"

// Convolutions, and a plain one in double to compare with.
namespace mini_infer::test {

struct ConvCase {
  SlidingCase window;
  std::int64_t group = 1;
  core::Tensor x, w, bias, residual;  // NCHW; the last two may be undefined
  ops::Activation activation;
};

// NCHW.
core::Tensor reference(const ConvCase& conv);

OpCase onnx_case(const ConvCase& conv);
// As the optimiser writes it: with everything fused, and with channels last besides.
OpCase fused_case(const ConvCase& conv);
OpCase nhwc_case(const ConvCase& conv);

}  // namespace mini_infer::test
