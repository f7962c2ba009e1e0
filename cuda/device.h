#pragma once

#include <memory>
#include <string>

#include "ops/device.h"

namespace mini_infer::cuda {

// A device of the CUDA runtime. ERROR_UNSUPPORTED says why there is none: no driver, one older than
// the runtime, no device of that index.
core::Result<std::unique_ptr<ops::Device>> open_device(int index);

// ERROR_UNSUPPORTED where this library was compiled for other architectures than the device's.
[[nodiscard]] core::Status check_code(const ops::Device& device, int index);

}  // namespace mini_infer::cuda
