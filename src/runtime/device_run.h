#pragma once

#include "runtime/context_state.h"

// A context's steps on a device.
namespace mini_infer::runtime {

// Loads every kernel, and records all steps where no memory of the caller's is missing.
[[nodiscard]] core::Status prepare_on_device(ContextState& state);
// Hands all steps, which are recorded, to `last_queue`.
[[nodiscard]] core::Status enqueue_on_device(ContextState& state);
// Waits for what was enqueued, which then has run; says which step met data that break its
// operator's contract, if one did.
[[nodiscard]] core::Status synchronize_on_device(ContextState& state);
// On its own queue, step by step, waiting after each, with the time of each where they are profiled
// and in poisoned memory where that is asked for.
[[nodiscard]] core::Status step_on_device(ContextState& state);

}  // namespace mini_infer::runtime
