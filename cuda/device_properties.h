#pragma once

#include <string>

#include "mini_infer/core/status.h"

namespace mini_infer::cuda {

// What is known of a device of this machine, as JSON in the form that cuDNN reads and writes.
[[nodiscard]] core::Result<std::string> device_properties(int index);

}  // namespace mini_infer::cuda
