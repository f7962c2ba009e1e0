#pragma once

#include "runtime/context_state.h"

// A context's steps on a device.
namespace mini_infer::runtime {

// Loads every kernel, by running it in memory of the context's own, and records all steps where no
// memory is the caller's. Of a new context.
[[nodiscard]] core::Status prepare_on_device(ContextState& state);
// Records all steps with the addresses as they are. Runs nothing.
[[nodiscard]] core::Status record_on_device(ContextState& state);
// Hands all steps, which are recorded, to `last_queue`.
[[nodiscard]] core::Status enqueue_on_device(ContextState& state);
// Waits for the run that was enqueued, though its queue may be gone.
[[nodiscard]] core::Status wait_for_run(const ContextState& state);
// Waits for what was enqueued, which then has run; says which step met data that break its
// operator's contract, if one did.
[[nodiscard]] core::Status synchronize_on_device(ContextState& state);
// In `last_queue`, step by step, waiting before the first and after each, with the time of each
// where they are profiled and in poisoned memory where that is asked for.
[[nodiscard]] core::Status step_on_device(ContextState& state);

}  // namespace mini_infer::runtime
