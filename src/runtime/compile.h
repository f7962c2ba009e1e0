#pragma once

#include <vector>

#include "mini_infer/core/status.h"
#include "mini_infer/graph/graph.h"
#include "mini_infer/runtime/memory_plan.h"
#include "mini_infer/runtime/planning_options.h"
#include "optimizer/optimizer.h"
#include "runtime/weights.h"
#include "schedule/schedule.h"

namespace mini_infer::runtime {

struct Compiled {
  graph::Graph graph;  // optimised; what the plan speaks of
  schedule::Schedule schedule;
  MemoryPlan plan;
  WeightsLayout weights;
  std::vector<optimizer::PassReport> passes;
  // Bytes of constants that passes made, not of those in the model's file: the most at once.
  std::size_t most_constant_bytes = 0;
};

// The whole pipeline from a graph to a judged plan: verify, optimise, schedule, analyse, plan,
// judge. Knows no device. What Engine::build and MemoryPlanner::plan share.
core::Result<Compiled> compile(graph::Graph graph, const PlanningOptions& options);

// A power of two from 16 to 256, or ERROR_INVALID_ARGUMENT.
[[nodiscard]] core::Status check_alignment(std::size_t bytes);

}  // namespace mini_infer::runtime
