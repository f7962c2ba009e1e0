#include "schedule/schedule.h"

#include <algorithm>
#include <limits>
#include <numeric>

#include "core/try.h"
#include "ops/alias.h"

namespace mini_infer::schedule {
namespace {

using graph::Graph;
using graph::kNoValue;
using graph::NodeId;
using graph::ValueId;
using ops::AliasKind;

constexpr int kForever = std::numeric_limits<int>::max();

// Values joined into storages while aliases are chosen.
class Storages {
 public:
  Storages(const Graph& graph, const std::vector<NodeId>& order, const ScheduleOptions& options)
      : parent_(graph.values().size()), facts_(graph.values().size()) {
    std::iota(parent_.begin(), parent_.end(), 0);
    for (int step = 0; step < static_cast<int>(order.size()); ++step) {
      for (ValueId input : graph.node(order[static_cast<std::size_t>(step)]).inputs) {
        if (input != kNoValue) facts(input).last_read = step;
      }
    }
    for (ValueId input : graph.inputs) {
      facts(input).is_caller_input = !options.stage_inputs;
      facts(input).read_only = !options.stage_inputs || options.keep_inputs;
    }
    for (ValueId output : graph.outputs) facts(output).last_read = kForever;
    for (ValueId id = 0; id < static_cast<ValueId>(parent_.size()); ++id) {
      if (graph.value(id).is_constant()) facts(id).read_only = true;
    }
  }

  bool same(ValueId a, ValueId b) { return root(a) == root(b); }
  int last_read(ValueId id) { return facts(id).last_read; }
  bool read_only(ValueId id) { return facts(id).read_only; }
  bool is_caller_input(ValueId id) { return facts(id).is_caller_input; }

  void join(ValueId a, ValueId b) {
    const Facts joined{std::max(facts(a).last_read, facts(b).last_read),
                       facts(a).read_only || facts(b).read_only,
                       facts(a).is_caller_input || facts(b).is_caller_input};
    parent_[static_cast<std::size_t>(root(b))] = root(a);
    facts(a) = joined;
  }

 private:
  struct Facts {
    int last_read = -1;
    bool read_only = false;
    bool is_caller_input = false;
  };

  ValueId root(ValueId id) {
    while (parent_[static_cast<std::size_t>(id)] != id) {
      ValueId& up = parent_[static_cast<std::size_t>(id)];
      up = parent_[static_cast<std::size_t>(up)];
      id = up;
    }
    return id;
  }
  Facts& facts(ValueId id) { return facts_[static_cast<std::size_t>(root(id))]; }

  std::vector<ValueId> parent_;
  std::vector<Facts> facts_;
};

class AliasChooser {
 public:
  AliasChooser(const Graph& graph, const ScheduleOptions& options, Schedule& schedule)
      : graph_(graph),
        options_(options),
        schedule_(schedule),
        storages_(graph, schedule.order, options),
        is_output_(graph.values().size(), false) {
    for (ValueId output : graph.outputs) is_output_[static_cast<std::size_t>(output)] = true;
    schedule.alias.resize(graph.values().size());
  }

  void choose() {
    // Views first: they are free, and they decide who reads a storage last.
    for_each(AliasKind::kView);
    if (options_.overwrite) for_each(AliasKind::kOverwrite);
  }

 private:
  void for_each(AliasKind kind) {
    for (int step = 0; step < static_cast<int>(schedule_.order.size()); ++step) {
      const ops::NodeView view(graph_, schedule_.order[static_cast<std::size_t>(step)]);
      for (const ops::Alias& alias : ops::aliases(view)) {
        if (alias.kind == kind) consider(view, step, alias);
      }
    }
  }

  void consider(const ops::NodeView& view, int step, const ops::Alias& alias) {
    const ValueId input = view.node().inputs[static_cast<std::size_t>(alias.input)];
    const ValueId output = view.node().outputs[static_cast<std::size_t>(alias.output)];
    AliasChoice& choice = schedule_.alias[static_cast<std::size_t>(output)];
    if (choice.kind != AliasKind::kNone || graph_.value(input).is_constant() ||
        graph_.value(output).is_constant()) {
      return;
    }
    const bool is_output = is_output_[static_cast<std::size_t>(output)];
    if (is_output && (!options_.stage_outputs || storages_.is_caller_input(input))) return;
    if (alias.kind == AliasKind::kOverwrite && !may_overwrite(view, step, alias)) return;
    choice = {alias.kind, input};
    storages_.join(input, output);
  }

  bool may_overwrite(const ops::NodeView& view, int step, const ops::Alias& alias) {
    const ValueId input = view.node().inputs[static_cast<std::size_t>(alias.input)];
    if (storages_.read_only(input) || storages_.last_read(input) != step) return false;
    for (ValueId output : view.node().outputs) {
      if (output != kNoValue && storages_.same(output, input)) return false;
    }
    if (ops::find(view.node())->elementwise) return true;
    for (int slot = 0; slot < view.input_count(); ++slot) {
      if (slot == alias.input || !view.has_input(slot)) continue;
      if (storages_.same(view.node().inputs[static_cast<std::size_t>(slot)], input)) return false;
    }
    return true;
  }

  const Graph& graph_;
  const ScheduleOptions& options_;
  Schedule& schedule_;
  Storages storages_;
  std::vector<bool> is_output_;
};

}  // namespace

core::Result<Schedule> schedule(const Graph& graph, const ScheduleOptions& options) {
  Schedule result;
  MI_TRY(graph.topological_sort(result.order));
  AliasChooser(graph, options, result).choose();
  return result;
}

}  // namespace mini_infer::schedule
