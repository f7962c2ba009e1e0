#pragma once

#include "mini_infer/core/status.h"
#include "mini_infer/runtime/memory_plan.h"

namespace mini_infer::runtime {

// States each pool of a plan as a packing problem and has planner::check judge it. The error names
// the storages instead of their numbers where it can.
core::Status check_plan(const MemoryPlan& plan);

}  // namespace mini_infer::runtime
