#pragma once

#include <string>

#include "mini_infer/runtime/memory_plan.h"
#include "schedule/schedule.h"

namespace mini_infer::runtime {

// core::Fnv1a over the order, the alias set, and every storage's size, lifetime and offset.
// Integers only, so it is the same on every machine and build.
std::string plan_hash(const MemoryPlan& plan, const schedule::Schedule& schedule);

// The same over the kernels of the steps, which an engine has chosen.
std::string kernels_hash(const MemoryPlan& plan);

}  // namespace mini_infer::runtime
