#include "schedule/schedule.h"

#include <numeric>

#include "core/try.h"
#include "schedule/contents.h"
#include "schedule/order.h"
#include "schedule/progress.h"

namespace mini_infer::schedule {
namespace {

std::vector<int> numbered(std::size_t steps) {
  std::vector<int> order(steps);
  std::iota(order.begin(), order.end(), 0);
  return order;
}

}  // namespace

core::Result<Schedule> schedule(const graph::Graph& graph, const ScheduleOptions& options) {
  Schedule result;
  std::vector<graph::NodeId> nodes;
  MI_TRY(graph.topological_sort(nodes));
  result.alias = views(graph, nodes, options);
  const StatedProblem stated = state_problem(graph, nodes, result.alias, options);

  Order order;
  if (options.reorder) {
    order = least_peak_order(stated.problem, options.work);
  } else {
    order.steps = numbered(nodes.size());
    order.bound_by_problem = bound_of_any_order(stated.problem);
  }
  result.bound_by_graph = order.bound_by_problem;
  result.bound_by_search = order.bound_by_search;

  Progress progress(stated.problem);
  for (int step : order.steps) {
    result.order.push_back(nodes[step]);
    const graph::Node& node = graph.node(nodes[step]);
    const std::uint32_t done = progress.overwrites(step);
    for (std::size_t i = 0; i < stated.overwrites[step].size(); ++i) {
      const ops::Alias& alias = stated.overwrites[step][i];
      if ((done >> i & 1u) == 0) continue;
      result.alias[node.outputs[alias.output]] = {alias.kind, node.inputs[alias.input]};
    }
    progress.run(step);
  }
  return result;
}

}  // namespace mini_infer::schedule
