#pragma once

#include "mini_infer/core/status.h"
#include "mini_infer/planner/problem.h"

namespace mini_infer::planner {

// What solve() refuses, with its messages. After it, no offset, height or sum leaves int64.
[[nodiscard]] core::Status validate(const Problem& problem);

}  // namespace mini_infer::planner
