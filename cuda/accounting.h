#pragma once

#include <cstddef>

#include "ops/device.h"

// Who holds how much of a device, as the driver and its tools see it. Safe to use from several
// threads.
namespace mini_infer::cuda {

// Of this process, by NVML; 0 where it is not there or does not know the process.
std::size_t bytes_of_process(int device);

// From now on memory that anybody in the process takes of a device is counted, by CUPTI.
// ERROR_UNSUPPORTED where it is not there, or refuses.
[[nodiscard]] core::Status watch_allocations();
ops::AllocationCount watched_allocations();

}  // namespace mini_infer::cuda
