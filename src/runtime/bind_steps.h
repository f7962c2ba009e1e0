#pragma once

#include "runtime/engine_state.h"

namespace mini_infer::runtime {

core::Result<std::unique_ptr<ops::Backend>> make_cpu_backend(const CpuConfig& config);

// Gives every step its kernel, of the engine's backend or, where that may fall back, of the CPU's,
// and the plan what there is to say of it. ERROR_UNSUPPORTED names every step that has none, not
// only the first.
[[nodiscard]] core::Status bind_steps(EngineState& state);

}  // namespace mini_infer::runtime
