#include "schedule/windows.h"

#include "ops/alias.h"
#include "ops/shapes.h"
#include "ops/tensor_window.h"
#include "schedule/places.h"

namespace mini_infer::schedule {
namespace {

using graph::Graph;
using graph::kNoNode;
using graph::kNoValue;
using graph::NodeId;
using graph::ValueId;
using ops::AliasKind;

// What kernels may count on (ops::KernelArgs).
constexpr std::int64_t kAlignment = 16;

class Windows {
 public:
  Windows(const Graph& graph, std::vector<AliasChoice> choices, const ScheduleOptions& options)
      : graph_(graph),
        options_(options),
        choices_(std::move(choices)),
        places_(places(graph, choices_)),
        inside_(choices_.size()),
        readers_(choices_.size()) {
    for (ValueId id = 0; id < static_cast<ValueId>(choices_.size()); ++id) {
      if (places_[id].root != id) inside_[places_[id].root].push_back(id);
    }
    for (NodeId node = 0; node < static_cast<NodeId>(graph.nodes().size()); ++node) {
      const auto& inputs = graph.node(node).inputs;
      for (std::size_t slot = 0; slot < inputs.size(); ++slot) {
        if (inputs[slot] != kNoValue)
          readers_[inputs[slot]].push_back({node, static_cast<int>(slot)});
      }
    }
  }

  void add(NodeId node) {
    const ops::NodeView view(graph_, node);
    for (const ops::TensorWindow& window : ops::windows(view)) {
      const ValueId input = view.node().inputs[static_cast<std::size_t>(window.input)];
      const ValueId output = view.node().outputs[static_cast<std::size_t>(window.output)];
      if (window.of_output) {
        add(input, {AliasKind::kWindowOfOutput, output, window.row, window.column});
      } else {
        add(output, {AliasKind::kWindowOfInput, input, window.row, window.column});
      }
    }
  }

  std::vector<AliasChoice> take() { return std::move(choices_); }

 private:
  struct Reader {
    NodeId node;
    int slot;
  };

  void add(ValueId inner, const AliasChoice& window) {
    const graph::Value& value = graph_.value(inner);
    const ValueId root = places_[window.source].root;
    if (value.is_constant() || value.producer == kNoNode || graph_.is_output(inner) ||
        graph_.value(window.source).is_constant() || choices_[inner].kind != AliasKind::kNone ||
        root == inner || !in_arena(root)) {
      return;
    }
    choices_[inner] = window;
    move(inner);
    if (!all_can_live_with(inner)) {
      choices_[inner] = {};
      places_[inner] = {.root = inner};
      move_inside(inner);
      return;
    }
    std::vector<ValueId>& joined = inside_[root];
    joined.push_back(inner);
    joined.insert(joined.end(), inside_[inner].begin(), inside_[inner].end());
    inside_[inner].clear();
  }

  bool in_arena(ValueId root) const {
    if (graph_.is_output(root)) return options_.stage_outputs;
    return graph_.value(root).producer != kNoNode || options_.stage_inputs;
  }

  // The places of this value and of all inside it anew. Each comes after what it lies in.
  void move(ValueId inner) {
    const AliasChoice& choice = choices_[inner];
    places_[inner] = place_in(graph_, inner, choice, places_[choice.source]);
    move_inside(inner);
  }
  void move_inside(ValueId inner) {
    for (const ValueId id : inside_[inner]) {
      places_[id] = place_in(graph_, id, choices_[id], places_[choices_[id].source]);
    }
  }

  bool all_can_live_with(ValueId inner) const {
    if (!can_live_with(inner)) return false;
    for (const ValueId id : inside_[inner]) {
      if (!can_live_with(id)) return false;
    }
    return true;
  }

  bool can_live_with(ValueId id) const {
    const ValuePlace& place = places_[id];
    const graph::Value& value = graph_.value(id);
    const int bits = core::bits_per_element(value.type);
    if (bits % 8 != 0 || place.offset % kAlignment != 0) return false;
    if (place.pitch == 0) return true;
    if (value.shape->elements() / ops::last_extent(*value.shape) > kMostRowsApart) return false;
    if (place.pitch * (bits / 8) % kAlignment != 0 || choices_[id].kind == AliasKind::kView) {
      return false;
    }
    if (!pitched(value.producer).output) return false;
    for (const Reader& reader : readers_[id]) {
      if (!ops::contains(pitched(reader.node).inputs, reader.slot) || is_viewed(reader))
        return false;
    }
    return true;
  }

  ops::PitchedSlots pitched(NodeId node) const {
    const ops::OpDef* def = ops::find(graph_.node(node));
    return def->pitched == nullptr ? ops::PitchedSlots{}
                                   : def->pitched(ops::NodeView(graph_, node));
  }

  // Whether an output is the same bytes under another shape.
  bool is_viewed(const Reader& reader) const {
    for (const ValueId output : graph_.node(reader.node).outputs) {
      if (output != kNoValue && choices_[output].kind == AliasKind::kView) return true;
    }
    return false;
  }

  const Graph& graph_;
  const ScheduleOptions& options_;
  std::vector<AliasChoice> choices_;
  std::vector<ValuePlace> places_;
  std::vector<std::vector<ValueId>> inside_;  // by root: all that lie in it
  std::vector<std::vector<Reader>> readers_;
};

}  // namespace

std::vector<NodeId> window_nodes(const Graph& graph, const std::vector<NodeId>& order,
                                 const ScheduleOptions& options) {
  std::vector<NodeId> found;
  for (const NodeId id : order) {
    const graph::Node& node = graph.node(id);
    const bool allowed = (node.is("Slice") && options.slice_windows) ||
                         (node.is("Split") && options.split_windows) ||
                         (node.is("Concat") && options.concat_windows);
    if (allowed && !ops::windows(ops::NodeView(graph, id)).empty()) found.push_back(id);
  }
  return found;
}

std::vector<AliasChoice> with_windows(const Graph& graph, const std::vector<NodeId>& nodes,
                                      std::vector<AliasChoice> choices,
                                      const ScheduleOptions& options) {
  Windows windows(graph, std::move(choices), options);
  for (const NodeId node : nodes) windows.add(node);
  return windows.take();
}

}  // namespace mini_infer::schedule
