#pragma once

#include "judge/statement.h"
#include "mini_infer/core/status.h"

namespace mini_infer::judge {

// The first judge: has planner::check judge the arena as a packing problem, with what is claimed of
// it, and sees that holes are free.
[[nodiscard]] core::Status check_packing(const Statement& statement);

// The arena as a packing problem.
planner::Problem packing_problem(const Statement& statement);

}  // namespace mini_infer::judge
