#pragma once

#include "mini_infer/core/status.h"
#include "mini_infer/graph/graph.h"
#include "mini_infer/planner/solve.h"
#include "mini_infer/runtime/memory_plan.h"
#include "mini_infer/runtime/planning_options.h"
#include "schedule/liveness_analyzer.h"
#include "schedule/schedule.h"

namespace mini_infer::runtime {

// More is no device's: it keeps sums of sizes far from 64 bits.
inline constexpr std::size_t kMostWorkspace = std::size_t{1} << 40;

// Lifetimes to offsets: states the packing problem, has it solved, and says how good the answer is.
core::Result<MemoryPlan> build_plan(const graph::Graph& graph, const schedule::Schedule& schedule,
                                    const Liveness& liveness, const PlanningOptions& options,
                                    const planner::Effort& effort = {});

}  // namespace mini_infer::runtime
