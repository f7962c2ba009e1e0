#pragma once

#include "mini_infer/core/status.h"
#include "mini_infer/graph/graph.h"
#include "runtime/engine_state.h"

namespace mini_infer::runtime {

// Everything of an engine that needs no memory of a pool: compiles the graph, gives each step its
// kernel, lays out weights and staging, and completes the plan. `state` has its config and its
// backend. ERROR_OVER_BUDGET names the limit that the plan exceeds, and by how much.
[[nodiscard]] core::Status plan_engine(EngineState& state, graph::Graph graph);

// Of a compiled graph: the room that each step has, and which rows lie apart; kernels are bound
// with both.
void prepare_binding(EngineState& state);

}  // namespace mini_infer::runtime
