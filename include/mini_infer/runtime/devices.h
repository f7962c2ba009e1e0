#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "mini_infer/core/export.h"
#include "mini_infer/core/status.h"
#include "mini_infer/core/types.h"
#include "mini_infer/graph/graph.h"
#include "mini_infer/runtime/allocator.h"
#include "mini_infer/runtime/memory_plan.h"
#include "mini_infer/runtime/planning_options.h"

namespace mini_infer::runtime {

// "cpu", or a CUDA device by its name: "cuda:0 (NVIDIA H200)". ERROR_UNSUPPORTED says what this
// machine lacks, ERROR_INVALID_ARGUMENT that there is no such index. Any number of threads.
[[nodiscard]] MINI_INFER_API core::Result<std::string> device_name(core::Device device,
                                                                   int index = 0);

// What an engine on that device takes its pools from where its config names no allocator.
[[nodiscard]] MINI_INFER_API core::Result<std::shared_ptr<Allocator>> device_allocator(
    core::Device device, int index = 0);

// What is known of a CUDA device of this machine, as JSON that Engine::plan_for_absent_device reads
// on a machine without one. Errors as of device_name. Any number of threads.
[[nodiscard]] MINI_INFER_API core::Result<std::string> device_properties(int index = 0);

// Whether a device has a kernel for every step of a plan.
struct DeviceSupport {
  std::string device;        // "cpu" or "cuda"
  std::optional<bool> runs;  // unset: the backend of that device is not here to be asked
  std::string reason;        // why it does not, or why that is not known; else empty
};

struct PlanForDevices {
  MemoryPlan plan;
  std::vector<DeviceSupport> devices;  // all that there are
};

// The plan that MemoryPlanner::plan makes, and which devices can run it. No device need be here;
// nothing is allocated on one. Errors as of MemoryPlanner::plan. Any number of threads.
[[nodiscard]] MINI_INFER_API core::Result<PlanForDevices> plan_for_devices(
    const graph::Graph& graph, const PlanningOptions& options);

}  // namespace mini_infer::runtime
