#pragma once

#include <vector>

#include "mini_infer/graph/graph.h"
#include "ops/alias.h"
#include "schedule/problem.h"
#include "schedule/schedule.h"

namespace mini_infer::schedule {

// A graph as a scheduling problem: its nodes in `order` are the steps.
struct StatedProblem {
  Problem problem;
  // By step: what Step::overwrites speaks of.
  std::vector<std::vector<ops::Alias>> overwrites;
};

// For every value, what it is a view of; windows are chosen apart (windows.h).
std::vector<AliasChoice> views(const graph::Graph& graph, const std::vector<graph::NodeId>& order,
                               const ScheduleOptions& options);

// `alias`: views and windows.
StatedProblem state_problem(const graph::Graph& graph, const std::vector<graph::NodeId>& order,
                            const std::vector<AliasChoice>& alias, const ScheduleOptions& options);

}  // namespace mini_infer::schedule
