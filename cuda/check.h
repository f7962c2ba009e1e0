#pragma once

#include <cuda_runtime.h>

#include <string>

#include "mini_infer/core/status.h"

namespace mini_infer::cuda {

// Success, or what the runtime says of `call`.
[[nodiscard]] inline core::Status check(cudaError_t error, const char* call) {
  if (error == cudaSuccess) return core::Status::SUCCESS;
  return {error == cudaErrorMemoryAllocation ? core::Status::ERROR_OUT_OF_MEMORY
                                             : core::Status::ERROR_RUNTIME,
          std::string(call) + ": " + cudaGetErrorString(error)};
}

}  // namespace mini_infer::cuda
