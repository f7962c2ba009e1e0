#pragma once

#include <cstdint>

#include "cli/input_files.h"
#include "mini_infer/core/status.h"
#include "mini_infer/runtime/engine.h"

namespace mini_infer::cli {

// Adds a tensor for each input of the engine that has none: floats from [0, 1), integers and bools
// 0 or 1. The same on every machine. ERROR_UNSUPPORTED for other types.
[[nodiscard]] core::Status add_random_inputs(const runtime::Engine& engine, std::uint64_t seed,
                                             Tensors& tensors);

}  // namespace mini_infer::cli
