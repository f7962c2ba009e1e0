#pragma once

#include <cuda_runtime_api.h>

namespace mini_infer::cuda {

// cudaErrorNoKernelImageForDevice where this library was compiled for other architectures than that
// of the current device.
cudaError_t has_code();

}  // namespace mini_infer::cuda
