#pragma once

#include <vector>

#include "mini_infer/runtime/memory_plan.h"

namespace mini_infer::report {

// The storages of all pools that are alive at a step, largest first, equal ones by offset.
std::vector<const runtime::TensorPlacement*> live_at(const runtime::MemoryPlan& plan, int step);

// 1 - planned / unshared, in double: the plan's own float prints with false digits.
double saving_ratio(const runtime::MemoryPlan& plan);

}  // namespace mini_infer::report
