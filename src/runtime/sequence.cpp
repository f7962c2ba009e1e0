#include "mini_infer/runtime/sequence.h"

#include <algorithm>
#include <set>
#include <variant>

#include "core/try.h"
#include "cpu/evaluator.h"
#include "ops/infer.h"

namespace mini_infer::runtime {
namespace {

using core::Result;
using core::Status;
using graph::Graph;
using graph::kNoNode;
using graph::kNoValue;
using graph::Node;
using graph::Value;
using graph::ValueId;

Status refuse(const std::string& message) {
  return {Status::ERROR_INVALID_ARGUMENT, "join_in_sequence: " + message};
}

// The one of these values that has the name, or kNoValue.
ValueId find_named(const Graph& graph, const std::vector<ValueId>& ids, const std::string& name) {
  const auto found = std::find_if(ids.begin(), ids.end(),
                                  [&](ValueId id) { return graph.value(id).name == name; });
  return found == ids.end() ? kNoValue : *found;
}

bool has_subgraph(const Node& node) {
  return std::any_of(node.attributes.begin(), node.attributes.end(), [](const auto& attribute) {
    return std::holds_alternative<std::shared_ptr<const Graph>>(attribute.second) ||
           std::holds_alternative<std::vector<std::shared_ptr<const Graph>>>(attribute.second);
  });
}

class Joiner {
 public:
  Joiner(std::span<const Stage> stages, std::span<const HandOff> hand_offs)
      : stages_(stages), hand_offs_(hand_offs), ids_(stages.size()) {}

  Result<std::shared_ptr<Graph>> join() {
    MI_TRY(check_stages());
    for (const HandOff& hand_off : hand_offs_) MI_TRY(check(hand_off));
    for (std::size_t stage = 0; stage < stages_.size(); ++stage) {
      MI_TRY(infer(stage).with_context("join_in_sequence: " + text(stage)));
      MI_TRY(add(stage));
    }
    MI_TRY(joined_->verify());
    return std::move(joined_);
  }

 private:
  std::string text(std::size_t stage) const { return "stage '" + stages_[stage].name + "'"; }

  Status check_stages() const {
    if (stages_.empty()) return refuse("no stage was given");
    std::set<std::string> names;
    for (const Stage& stage : stages_) {
      if (stage.graph == nullptr) return refuse("stage '" + stage.name + "' has no graph");
      if (!names.insert(stage.name).second) {
        return refuse("two stages have the name '" + stage.name + "'");
      }
    }
    return Status::SUCCESS;
  }

  Status check(const HandOff& hand_off) const {
    if (hand_off.from >= stages_.size() || hand_off.to >= stages_.size()) {
      return refuse("a hand-off from stage " + std::to_string(hand_off.from) + " to stage " +
                    std::to_string(hand_off.to) + ", but there are " +
                    std::to_string(stages_.size()));
    }
    if (hand_off.from >= hand_off.to) {
      return refuse("'" + hand_off.output + "' of " + text(hand_off.from) + " is handed to " +
                    text(hand_off.to) + ": expected a later stage");
    }
    const Graph& from = *stages_[hand_off.from].graph;
    const Graph& to = *stages_[hand_off.to].graph;
    const ValueId output = find_named(from, from.outputs, hand_off.output);
    const ValueId input = find_named(to, to.inputs, hand_off.input);
    if (output == kNoValue) {
      return refuse(text(hand_off.from) + " has no output '" + hand_off.output + "'");
    }
    if (input == kNoValue) {
      return refuse(text(hand_off.to) + " has no input '" + hand_off.input + "'");
    }
    const auto same_input = [&](const HandOff& other) {
      return other.to == hand_off.to && other.input == hand_off.input;
    };
    if (std::count_if(hand_offs_.begin(), hand_offs_.end(), same_input) > 1) {
      return refuse("input '" + hand_off.input + "' of " + text(hand_off.to) +
                    " is handed to more than once");
    }
    return Status::SUCCESS;
  }

  // Shapes and types of the stage, given those of what is handed to it.
  Status infer(std::size_t stage) {
    Graph graph = *stages_[stage].graph;
    for (const HandOff& hand_off : hand_offs_) {
      if (hand_off.to != stage) continue;
      const Graph& from = inferred_[hand_off.from];
      const Value& output = from.value(find_named(from, from.outputs, hand_off.output));
      const Value& input = graph.value(find_named(graph, graph.inputs, hand_off.input));
      if (output.type != input.type) {
        return {Status::ERROR_INVALID_ARGUMENT, "input '" + input.name + "': expected " +
                                                    core::type_name(input.type) + ", '" +
                                                    output.name + "' of " + text(hand_off.from) +
                                                    " is " + core::type_name(output.type)};
      }
      MI_TRY(graph::bind_input_shape(graph, hand_off.input, *output.shape));
    }
    MI_TRY(ops::infer(graph, cpu::evaluate));
    inferred_.push_back(std::move(graph));
    return Status::SUCCESS;
  }

  // Where the input of a stage comes from in the whole, or kNoValue.
  ValueId handed_to(std::size_t stage, ValueId input) const {
    const std::string& name = inferred_[stage].value(input).name;
    for (const HandOff& hand_off : hand_offs_) {
      if (hand_off.to != stage || hand_off.input != name) continue;
      const Graph& from = inferred_[hand_off.from];
      return ids_[hand_off.from]
                 [static_cast<std::size_t>(find_named(from, from.outputs, hand_off.output))];
    }
    return kNoValue;
  }

  Status add(std::size_t stage) {
    const Graph& graph = inferred_[stage];
    for (const auto& [domain, version] : graph.opsets) {
      int& joined = joined_->opsets[domain];
      joined = std::max(joined, version);
    }
    joined_->files.insert(joined_->files.end(), graph.files.begin(), graph.files.end());
    add_values(stage);
    for (const Node& node : graph.nodes()) {
      if (has_subgraph(node)) {
        return {Status::ERROR_UNSUPPORTED, "join_in_sequence: " + text(stage) +
                                               " has a node with a subgraph, " + describe(node)};
      }
      joined_->add_node(renamed(node, stage));
    }
    for (const ValueId output : graph.outputs) add_output(stage, output);
    return Status::SUCCESS;
  }

  void add_values(std::size_t stage) {
    const Graph& graph = inferred_[stage];
    auto& ids = ids_[stage];
    ids.assign(graph.values().size(), kNoValue);
    for (const ValueId input : graph.inputs) {
      ids[static_cast<std::size_t>(input)] = handed_to(stage, input);
    }
    for (std::size_t id = 0; id < ids.size(); ++id) {
      if (ids[id] == kNoValue) ids[id] = joined_->add_value(renamed(graph.values()[id], stage));
    }
    for (const ValueId input : graph.inputs) {
      if (handed_to(stage, input) == kNoValue) {
        joined_->inputs.push_back(ids[static_cast<std::size_t>(input)]);
      }
    }
  }

  Value renamed(Value value, std::size_t stage) const {
    value.name = stages_[stage].name + "/" + value.name;
    value.producer = kNoNode;
    if (value.declared) {
      for (graph::Dim& dim : *value.declared) {
        if (!dim.symbol.empty()) dim.symbol = stages_[stage].name + "/" + dim.symbol;
      }
    }
    return value;
  }

  Node renamed(Node node, std::size_t stage) const {
    node.name = stages_[stage].name + "/" + node.name;
    for (auto* ids : {&node.inputs, &node.outputs}) {
      for (ValueId& id : *ids) {
        if (id != kNoValue) id = ids_[stage][static_cast<std::size_t>(id)];
      }
    }
    return node;
  }

  void add_output(std::size_t stage, ValueId output) {
    const std::string& name = inferred_[stage].value(output).name;
    bool handed_on = false;
    for (const HandOff& hand_off : hand_offs_) {
      if (hand_off.from != stage || hand_off.output != name) continue;
      if (hand_off.keep) return joined_->outputs.push_back(id_of(stage, output));
      handed_on = true;
    }
    if (!handed_on) joined_->outputs.push_back(id_of(stage, output));
  }

  ValueId id_of(std::size_t stage, ValueId id) const {
    return ids_[stage][static_cast<std::size_t>(id)];
  }

  std::span<const Stage> stages_;
  std::span<const HandOff> hand_offs_;
  std::shared_ptr<Graph> joined_ = std::make_shared<Graph>();
  std::vector<Graph> inferred_;            // of the stages so far
  std::vector<std::vector<ValueId>> ids_;  // by stage, by its own ids: in the whole
};

}  // namespace

Result<std::shared_ptr<Graph>> join_in_sequence(std::span<const Stage> stages,
                                                std::span<const HandOff> hand_offs) {
  return Joiner(stages, hand_offs).join();
}

}  // namespace mini_infer::runtime
