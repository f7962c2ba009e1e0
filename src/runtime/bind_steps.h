#pragma once

#include "runtime/engine_state.h"

namespace mini_infer::runtime {

core::Result<std::unique_ptr<ops::Backend>> make_cpu_backend(const CpuConfig& config);
// The same to plan with only: for instructions that this machine lacks too.
core::Result<std::unique_ptr<ops::Backend>> make_planning_backend(const CpuConfig& config);

// Gives every step its kernel, of the engine's backend or, where that may fall back, of the CPU's,
// and the plan what there is to say of it. ERROR_UNSUPPORTED names every step that has none, not
// only the first.
[[nodiscard]] core::Status bind_steps(EngineState& state);

// A step that another backend computes with smaller forms of its constants.
struct SmallerStep {
  std::size_t index = 0;
  std::size_t saved_bytes = 0;
  ops::Kernel kernel;
};
core::Result<std::vector<SmallerStep>> steps_that_could_take_less(const EngineState& state,
                                                                  const ops::Backend& smaller);
// Gives the step its other kernel.
void rebind(EngineState& state, SmallerStep step);

}  // namespace mini_infer::runtime
