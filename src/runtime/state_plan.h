#pragma once

#include "judge/statement.h"
#include "mini_infer/graph/graph.h"
#include "mini_infer/runtime/memory_plan.h"

namespace mini_infer::runtime {

// A plan of a graph as its judges want it: with what the steps read and write, and what the
// operators allow; overwriting only where the plan `may_overwrite`. Refuses a plan that does not
// run every node once, or speaks of values that are not there.
core::Result<judge::Statement> state_plan(const graph::Graph& graph, const MemoryPlan& plan,
                                          bool may_overwrite = true);

// Both judges, and what is claimed of the order.
[[nodiscard]] core::Status judge_plan(const judge::Statement& statement);

}  // namespace mini_infer::runtime
