#pragma once

#include "runtime/context_state.h"

// A context's steps on a device.
namespace mini_infer::runtime {

// Loads every kernel, and records all steps where no memory of the caller's is missing.
core::Status prepare_on_device(ContextState& state);
// Hands all steps to `queue`, null: the context's own. Records them first where addresses changed.
core::Status enqueue_on_device(ContextState& state, ops::Queue queue);
// Waits for what was enqueued, which then has run; says which step met data that break its
// operator's contract, if one did.
core::Status synchronize_on_device(ContextState& state);
// Step by step, waiting after each, with the time of each.
core::Status profile_on_device(ContextState& state);

}  // namespace mini_infer::runtime
