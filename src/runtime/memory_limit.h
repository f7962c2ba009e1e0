#pragma once

#include <cstddef>

#include "mini_infer/core/status.h"
#include "mini_infer/runtime/memory_plan.h"

namespace mini_infer::runtime {

// Whether the plan takes more than `limit` bytes, and a longer search might find one that does not.
bool may_be_lowered(const MemoryPlan& plan, std::size_t limit);

// ERROR_OVER_BUDGET if the plan takes more than `limit` bytes: how many are missing, whether no
// plan can do with less, the step that needs most, and the largest tensors alive there.
[[nodiscard]] core::Status check_arena_limit(const MemoryPlan& plan, std::size_t limit);

}  // namespace mini_infer::runtime
