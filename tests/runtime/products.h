#pragma once

#include <memory>
#include <vector>

#include "mini_infer/runtime/engine.h"
#include "mini_infer/runtime/execution_context.h"

namespace mini_infer::test {

// Matrix products, exponentials, sums and products of denormal numbers, of which some are
// constants: enough that several threads take part, and that rounding shows.
std::shared_ptr<graph::Graph> products_model();

runtime::EngineConfig with_threads(int threads);

// Of the one output; empty where something fails.
std::vector<float> outputs_of(runtime::ExecutionContext& context);

}  // namespace mini_infer::test
