#pragma once

#include "judge/statement.h"
#include "mini_infer/core/status.h"

namespace mini_infer::judge {

// The second judge. Walks the steps, records which content owns each byte, and refuses a step that
// reads what nobody has made, reads bytes it does not own, writes over content that is still
// needed, or touches a storage outside the lifetime the plan states.
[[nodiscard]] core::Status check_execution(const Statement& statement);

}  // namespace mini_infer::judge
