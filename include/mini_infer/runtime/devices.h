#pragma once

#include <memory>
#include <string>

#include "mini_infer/core/export.h"
#include "mini_infer/core/status.h"
#include "mini_infer/core/types.h"
#include "mini_infer/runtime/allocator.h"

namespace mini_infer::runtime {

// "cpu", or a CUDA device by its name: "cuda:0 (NVIDIA H200)". ERROR_UNSUPPORTED says what this
// machine lacks, ERROR_INVALID_ARGUMENT that there is no such index. Any number of threads.
MINI_INFER_API core::Result<std::string> device_name(core::Device device, int index = 0);

// What an engine on that device takes its pools from where its config names no allocator.
MINI_INFER_API core::Result<std::shared_ptr<Allocator>> device_allocator(core::Device device,
                                                                         int index = 0);

}  // namespace mini_infer::runtime
