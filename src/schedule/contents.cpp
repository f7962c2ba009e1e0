#include "schedule/contents.h"

#include <algorithm>

#include "mini_infer/core/types.h"
#include "ops/op_def.h"
#include "schedule/places.h"

namespace mini_infer::schedule {
namespace {

using graph::Graph;
using graph::kNoValue;
using graph::NodeId;
using graph::ValueId;
using ops::AliasKind;

void add_once(std::vector<int>& list, int item) {
  if (std::find(list.begin(), list.end(), item) == list.end()) list.push_back(item);
}

class Statement {
 public:
  Statement(const Graph& graph, const std::vector<NodeId>& order,
            const std::vector<AliasChoice>& alias, const ScheduleOptions& options)
      : graph_(graph),
        alias_(alias),
        places_(places(graph, alias)),
        options_(options),
        content_of_(graph.values().size(), -1),
        maker_(graph.values().size(), -1) {
    for (ValueId input : graph.inputs) add_input(input);
    for (NodeId node : order) add_step(ops::NodeView(graph, node));
    for (ValueId output : graph.outputs) keep(output);
    for (std::size_t step = 0; step < order.size(); ++step) {
      add_overwrites(ops::NodeView(graph, order[step]), static_cast<int>(step));
    }
  }

  StatedProblem take() { return std::move(stated_); }

 private:
  Problem& problem() { return stated_.problem; }
  int content(ValueId id) const { return id == kNoValue ? -1 : content_of_[id]; }
  bool staged(ValueId id) const {
    return graph_.is_output(id)
               ? options_.stage_outputs
               : graph_.value(id).producer != graph::kNoNode || options_.stage_inputs;
  }

  // Opens a content for the value and all that share its storage, or joins it.
  int enter(ValueId id) {
    const ValueId root = places_[id].root;
    if (content_of_[root] < 0) {
      content_of_[root] = static_cast<int>(problem().contents.size());
      problem().contents.emplace_back();
      const std::size_t bytes =
          core::align_up(ops::bytes_of(graph_.value(root)), options_.alignment);
      problem().contents.back().bytes = static_cast<std::int64_t>(bytes);
      read_only_.push_back(false);
      windowed_.push_back(false);
      makers_.push_back(0);
    }
    const int index = content_of_[id] = content_of_[root];
    if (alias_[id].is_window()) windowed_[index] = true;
    if (!staged(id)) problem().contents[index].bytes = 0;
    return index;
  }

  // Whether it holds bytes that its node writes, and not some that are there before.
  bool is_written(ValueId id) const {
    const AliasKind kind = alias_[id].kind;
    return kind == AliasKind::kNone || kind == AliasKind::kWindowOfOutput;
  }

  void add_input(ValueId id) {
    if (graph_.value(id).is_constant()) return;
    const int index = enter(id);
    problem().contents[index].from_start = true;
    problem().contents[index].to_end = options_.keep_inputs && options_.stage_inputs;
    read_only_[index] = options_.keep_inputs || !options_.stage_inputs;
  }

  void keep(ValueId output) {
    if (const int index = content(output); index >= 0) {
      problem().contents[index].to_end = true;
      read_only_[index] = true;
    }
  }

  void add_step(const ops::NodeView& view) {
    const int index = static_cast<int>(problem().steps.size());
    problem().steps.emplace_back();
    Step& step = problem().steps.back();
    for (ValueId input : view.node().inputs) {
      if (content(input) < 0) continue;
      add_once(step.uses, content(input));
      if (maker_[input] >= 0) add_once(step.before, maker_[input]);
    }
    for (ValueId output : view.node().outputs) {
      if (output == kNoValue || graph_.value(output).is_constant()) continue;
      const int made = enter(output);
      maker_[output] = index;
      if (is_written(output)) {
        add_once(step.makes, made);
        ++makers_[made];
      }
      add_once(step.uses, made);
    }
    for (int before : step.before) problem().steps[before].after.push_back(index);
    for (int used : step.uses) ++problem().contents[used].uses;
    const ops::OpDef* def = ops::find(view.node());
    const std::size_t workspace = def->require == nullptr ? 0 : def->require(view);
    step.workspace = static_cast<std::int64_t>(core::align_up(workspace, options_.alignment));
  }

  void add_overwrites(const ops::NodeView& view, int index) {
    stated_.overwrites.emplace_back();
    if (!options_.overwrite) return;
    for (const ops::Alias& alias : ops::aliases(view)) {
      if (alias.kind != AliasKind::kOverwrite || !possible(view, alias)) continue;
      problem().steps[index].overwrites.push_back(
          {content(view.node().outputs[alias.output]), content(view.node().inputs[alias.input])});
      stated_.overwrites.back().push_back(alias);
    }
  }

  // Whether the last reader may overwrite it.
  bool possible(const ops::NodeView& view, const ops::Alias& alias) const {
    const ValueId output = view.node().outputs[alias.output];
    const int made = content(output);
    const int read = content(view.node().inputs[alias.input]);
    if (made < 0 || read < 0 || read_only_[read] || !staged(output)) return false;
    // All of a content takes the place of all of another.
    if (makers_[made] > 1 || !is_all(output) || !is_all(view.node().inputs[alias.input])) {
      return false;
    }
    for (ValueId other : view.node().outputs) {
      if (content(other) == read) return false;
    }
    if (ops::find(view.node())->elementwise && !windowed_[read]) return true;
    for (int slot = 0; slot < view.input_count(); ++slot) {
      const bool again = view.has_input(slot) && content(view.node().inputs[slot]) == read;
      if (slot != alias.input && again) return false;
    }
    return true;
  }

  bool is_all(ValueId id) const {
    return ops::bytes_of(graph_.value(id)) == ops::bytes_of(graph_.value(places_[id].root));
  }

  const Graph& graph_;
  const std::vector<AliasChoice>& alias_;
  std::vector<ValuePlace> places_;
  const ScheduleOptions& options_;
  StatedProblem stated_;
  std::vector<int> content_of_;  // by ValueId; -1 for constants
  std::vector<int> maker_;       // by ValueId: a step, -1 for inputs
  // By content.
  std::vector<bool> read_only_;
  std::vector<bool> windowed_;  // some value is a part of it
  std::vector<int> makers_;     // values written there
};

}  // namespace

std::vector<AliasChoice> views(const Graph& graph, const std::vector<NodeId>& order,
                               const ScheduleOptions& options) {
  std::vector<AliasChoice> chosen(graph.values().size());
  std::vector<bool> in_callers_input(graph.values().size(), false);
  for (ValueId input : graph.inputs) in_callers_input[input] = !options.stage_inputs;
  for (NodeId node : order) {
    const ops::NodeView view(graph, node);
    for (const ops::Alias& alias : ops::aliases(view)) {
      const ValueId input = view.node().inputs[alias.input];
      const ValueId output = view.node().outputs[alias.output];
      if (alias.kind != AliasKind::kView || chosen[output].kind != AliasKind::kNone ||
          graph.value(input).is_constant() || graph.value(output).is_constant()) {
        continue;
      }
      // An output of the graph lies where the caller finds it, not in his input.
      if (graph.is_output(output) && (!options.stage_outputs || in_callers_input[input])) continue;
      chosen[output] = {AliasKind::kView, input};
      in_callers_input[output] = in_callers_input[input];
    }
  }
  return chosen;
}

StatedProblem state_problem(const Graph& graph, const std::vector<NodeId>& order,
                            const std::vector<AliasChoice>& alias, const ScheduleOptions& options) {
  return Statement(graph, order, alias, options).take();
}

}  // namespace mini_infer::schedule
