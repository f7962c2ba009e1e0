#pragma once

#include <memory>
#include <string>

#include "ops/cuda_plugin.h"

namespace mini_infer::runtime {

// The backend of libmini_infer_cuda.so that is asked for. The library is looked for where the
// environment variable MINI_INFER_CUDA_LIBRARY says, else beside this one, else where the system
// looks; once opened it stays. ERROR_UNSUPPORTED names what is missing.
[[nodiscard]] core::Result<std::unique_ptr<ops::Backend>> open_cuda_backend(
    const ops::CudaRequest& request);

// What that library says of a device: see runtime::device_properties.
[[nodiscard]] core::Result<std::string> cuda_device_properties(int index);

}  // namespace mini_infer::runtime
