#include "schedule/schedule.h"

#include <optional>
#include <span>

#include "core/try.h"
#include "schedule/contents.h"
#include "schedule/order.h"
#include "schedule/progress.h"
#include "schedule/windows.h"

namespace mini_infer::schedule {
namespace {

// Looks for windows that do not raise the peak.
class WindowChoice {
 public:
  WindowChoice(const graph::Graph& graph, const std::vector<graph::NodeId>& order,
               std::vector<AliasChoice> views, const ScheduleOptions& options)
      : graph_(graph), order_(order), views_(std::move(views)), options_(options) {}

  // Takes all that it can.
  void choose() {
    const std::vector<graph::NodeId> candidates = window_nodes(graph_, order_, options_);
    if (candidates.empty()) return;
    peak_without_ = peak_ = peak_of({});
    add(candidates);
  }

  std::vector<AliasChoice> alias() const { return with_windows(graph_, chosen_, views_, options_); }
  std::optional<std::int64_t> peak_without() const { return peak_without_; }

 private:
  // Trials at most, each with that share of the work.
  static constexpr int kTrials = 64;

  // These nodes too; where that raises the peak, what half of them can be, then what the other can.
  void add(std::span<const graph::NodeId> nodes) {
    if (trials_ == kTrials) return;
    std::vector<graph::NodeId> more = chosen_;
    more.insert(more.end(), nodes.begin(), nodes.end());
    const std::int64_t peak = peak_of(more);
    if (peak <= peak_) {
      chosen_ = std::move(more);
      peak_ = peak;
    } else if (nodes.size() > 1) {
      add(nodes.first(nodes.size() / 2));
      add(nodes.subspan(nodes.size() / 2));
    }
  }

  std::int64_t peak_of(const std::vector<graph::NodeId>& nodes) {
    ++trials_;
    const auto alias = with_windows(graph_, nodes, views_, options_);
    const StatedProblem stated = state_problem(graph_, order_, alias, options_);
    return least_peak_order(stated.problem, options_.reorder ? options_.work / kTrials : 0).peak;
  }

  const graph::Graph& graph_;
  const std::vector<graph::NodeId>& order_;
  std::vector<AliasChoice> views_;
  const ScheduleOptions& options_;
  std::vector<graph::NodeId> chosen_;
  std::int64_t peak_ = 0;
  std::optional<std::int64_t> peak_without_;
  int trials_ = 0;
};

}  // namespace

core::Result<Schedule> schedule(const graph::Graph& graph, const ScheduleOptions& options) {
  Schedule result;
  std::vector<graph::NodeId> nodes;
  MI_TRY(graph.topological_sort(nodes));
  WindowChoice windows(graph, nodes, views(graph, nodes, options), options);
  windows.choose();
  result.alias = windows.alias();
  const StatedProblem stated = state_problem(graph, nodes, result.alias, options);

  Order order = least_peak_order(stated.problem, options.reorder ? options.work : 0);
  if (!options.reorder) order.bound_by_search = 0;
  result.peak = order.peak;
  result.peak_without_windows = windows.peak_without().value_or(order.peak);
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
