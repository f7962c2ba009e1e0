#pragma once

#include "judge/statement.h"
#include "mini_infer/core/status.h"

namespace mini_infer::report {

// Search again for something better than what is claimed to be the best, with the planner's own
// searches and several times the effort of an ordinary plan. ERROR_INTERNAL where something better
// is found, or where the search ends without an answer.
[[nodiscard]] core::Status repeat_offsets_search(const judge::Statement& statement);
[[nodiscard]] core::Status repeat_order_search(const judge::Statement& statement);

}  // namespace mini_infer::report
