#pragma once

#include <memory>

#include "cpu/backend.h"

namespace mini_infer::cpu {

// The backend that make_backend() would make, also for instructions that this machine lacks: nodes
// are bound to learn workspaces and packed forms of constants, and no kernel may run or pack.
core::Result<std::unique_ptr<ops::Backend>> make_planning_backend(const BackendOptions& options);

}  // namespace mini_infer::cpu
