#include "optimizer/layout/assignment.h"

#include <algorithm>

#include "optimizer/layout/min_cut.h"
#include "optimizer/reshape.h"

namespace mini_infer::optimizer {
namespace {

using graph::kNoNode;
using graph::kNoValue;
using graph::Node;
using graph::NodeId;
using graph::Value;
using graph::ValueId;

bool contains(const std::vector<int>& slots, std::size_t slot) {
  return std::find(slots.begin(), slots.end(), static_cast<int>(slot)) != slots.end();
}

class Assignment {
 public:
  Assignment(const Rewriter& rewriter, const std::vector<std::optional<LayoutPorts>>& ports)
      : rewriter_(rewriter), ports_(ports), vertex_(ports.size(), MinCut::kSink) {}

  std::vector<bool> solve() {
    for (std::size_t id = 0; id < ports_.size(); ++id) {
      if (ports_[id]) add_node(id);
    }
    const auto values = static_cast<ValueId>(rewriter_.graph().values().size());
    for (ValueId value = 0; value < values; ++value) add_value(value);
    const std::vector<bool> side = cut_.source_side();
    std::vector<bool> channels_last;
    for (int vertex : vertex_) channels_last.push_back(side[static_cast<std::size_t>(vertex)]);
    return channels_last;
  }

 private:
  void add_node(std::size_t id) {
    if (const NodeId leader = ports_[id]->decided_by; leader != kNoNode) {
      vertex_[id] = vertex_[static_cast<std::size_t>(leader)];
      return;
    }
    vertex_[id] = cut_.add_vertex();
    cut_.add_edge(MinCut::kSource, vertex_[id], ports_[id]->cost_first);
    cut_.add_edge(vertex_[id], MinCut::kSink, ports_[id]->cost_last);
  }

  // The vertex of whoever decides in which layout the value is made. Graph inputs and nodes without
  // a choice are the sink: channels first.
  int maker(ValueId value) const {
    const NodeId id = rewriter_.value(value).producer;
    if (id == kNoNode) return MinCut::kSink;
    const auto& outputs = rewriter_.node(id).outputs;
    const auto slot = std::find(outputs.begin(), outputs.end(), value) - outputs.begin();
    const auto& ports = ports_[static_cast<std::size_t>(id)];
    const bool free = ports && contains(ports->outputs, static_cast<std::size_t>(slot));
    return free ? vertex_[static_cast<std::size_t>(id)] : MinCut::kSink;
  }

  // The vertices of those who read the value, each once. Without those who take either form.
  std::vector<int> takers(ValueId value, bool moves_nothing) const {
    std::vector<int> found;
    if (rewriter_.is_output(value)) found.push_back(MinCut::kSink);
    for (NodeId id : rewriter_.readers(value)) {
      if (moves_nothing && is_view(rewriter_.graph(), id)) continue;
      const auto& ports = ports_[static_cast<std::size_t>(id)];
      const auto& inputs = rewriter_.node(id).inputs;
      for (std::size_t slot = 0; slot < inputs.size(); ++slot) {
        if (inputs[slot] != value || (ports && ports->absorbed == static_cast<int>(slot))) continue;
        const bool free = ports && contains(ports->inputs, slot);
        found.push_back(free ? vertex_[static_cast<std::size_t>(id)] : MinCut::kSink);
      }
    }
    std::sort(found.begin(), found.end());
    found.erase(std::unique(found.begin(), found.end()), found.end());
    return found;
  }

  void add_value(ValueId id) {
    const Value& value = rewriter_.value(id);
    if (!value.shape || value.is_constant() || value.shape->rank() < 3) return;
    const std::int64_t moved = conversion_bytes(value);
    const int made = maker(id);
    const std::vector<int> taken = takers(id, moved == 0);
    // A conversion that moves nothing has a price too, so that none is made without need.
    const std::int64_t bytes = std::max<std::int64_t>(moved, 1);
    // Paid when the value is made channels last and somebody takes it channels first...
    const int to_first = cut_.add_vertex();
    cut_.add_edge(made, to_first, bytes);
    // ... and when it is made channels first and somebody takes it channels last.
    const int to_last = cut_.add_vertex();
    cut_.add_edge(to_last, made, bytes);
    for (int taker : taken) {
      if (taker == made) continue;
      cut_.add_edge(to_first, taker, MinCut::kNever);
      cut_.add_edge(taker, to_last, MinCut::kNever);
    }
  }

  const Rewriter& rewriter_;
  const std::vector<std::optional<LayoutPorts>>& ports_;
  MinCut cut_;
  std::vector<int> vertex_;  // of each node
};

}  // namespace

std::vector<bool> assign_layouts(const Rewriter& rewriter,
                                 const std::vector<std::optional<LayoutPorts>>& ports) {
  return Assignment(rewriter, ports).solve();
}

}  // namespace mini_infer::optimizer
