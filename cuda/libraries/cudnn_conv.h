#pragma once

#include "cuda/libraries/cudnn.h"
#include "ops/conv.h"

// Convolutions as cuDNN sees them.
namespace mini_infer::cuda {

// y = [relu] (x * w [+ residual] [+ bias]): the order that has kernels compiled ahead.
struct CudnnConv {
  ops::ConvGeometry geometry;
  core::DataType type = core::DataType::kFloat32;  // of all tensors; sums are float32
  bool tf32 = false;
  bool bias = false;
  bool residual = false;
  bool relu = false;

  std::string key() const;  // of two that are the same convolution
};

struct CudnnConvTensors {
  const void* x = nullptr;
  const void* w =
      nullptr;  // [M, C / group, taps] where channels come first, else [M, taps, C / group]
  const void* bias = nullptr;
  const void* residual = nullptr;
  void* y = nullptr;
};

// One way to compute a convolution.
struct CudnnWay {
  CudnnDescriptor plan;
  std::size_t workspace_bytes = 0;
};

// The library's guesses for the calling thread's device, the best first; none that needs more
// workspace, repeats itself in other bits, or is less exact than `conv` says. `wanted_bytes`: what
// the best would need. Empty where the library does not do this convolution.
std::vector<CudnnWay> ways(const Cudnn& cudnn, const CudnnConv& conv, std::size_t workspace_bytes,
                           std::size_t most, std::size_t& wanted_bytes);

[[nodiscard]] core::Status run(const Cudnn& cudnn, const CudnnConv& conv, const CudnnWay& way,
                               const CudnnConvTensors& tensors, void* workspace,
                               cudaStream_t stream);

}  // namespace mini_infer::cuda
