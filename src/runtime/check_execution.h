#pragma once

#include "mini_infer/core/status.h"
#include "mini_infer/graph/graph.h"
#include "mini_infer/runtime/memory_plan.h"

namespace mini_infer::runtime {

// The second judge. Walks the plan's steps over the graph, records which content owns each byte,
// and refuses a step that reads bytes it does not own, writes over content that is still needed, or
// touches a storage outside the lifetime the plan states. Shares no code with the scheduler or the
// liveness analysis; knows only the graph, the operators' alias facts and the plan.
core::Status check_execution(const graph::Graph& graph, const MemoryPlan& plan);

}  // namespace mini_infer::runtime
