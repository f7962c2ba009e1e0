#pragma once

#include "mini_infer/core/status.h"

// The driver's context that is current in the calling thread. It is what tells a program, whether
// it uses the driver or the runtime, which device is current; unlike cudaSetDevice, setting it
// never takes memory of a device.
namespace mini_infer::cuda {

// Null where there is none.
core::Result<void*> current_context();
void set_current_context(void* context);

}  // namespace mini_infer::cuda
