#pragma once

#include <vector>

#include "mini_infer/core/export.h"
#include "mini_infer/runtime/memory_plan.h"

namespace mini_infer::runtime {

// The storages of all pools that are alive at a step, largest first, equal ones by offset.
MINI_INFER_API std::vector<const TensorPlacement*> live_at(const MemoryPlan& plan, int step);

// 1 - planned / unshared, in double: the plan's own float prints with false digits.
MINI_INFER_API double saving_ratio(const MemoryPlan& plan);

}  // namespace mini_infer::runtime
