#pragma once

#include <cstddef>
#include <functional>

#include "mini_infer/core/status.h"

namespace mini_infer::runtime {

struct ContextState;

// Runs one step, to its end, in an arena where every byte but the step's own inputs is poison, and
// fails (ERROR_INTERNAL) if it changed a byte outside its outputs and workspace. The true content
// of the arena is kept in ContextState::shadow between steps. On a device, too.
[[nodiscard]] core::Status run_poisoned(ContextState& state, std::size_t step,
                                        const std::function<core::Status()>& run);

}  // namespace mini_infer::runtime
