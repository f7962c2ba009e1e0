#pragma once

#include "mini_infer/core/status.h"

// cuBLASLt and cuDNN, opened when they are first asked for: without them this backend has its own
// kernels still. Their functions are defined in on_demand.cpp, and call those of the opened
// library.
namespace mini_infer::cuda {

// Before any of the library's functions. ERROR_UNSUPPORTED names the file that cannot be opened.
[[nodiscard]] core::Status open_cublas_lt();
[[nodiscard]] core::Status open_cudnn();

}  // namespace mini_infer::cuda
