#include <algorithm>

#include "mini_infer/graph/graph.h"

namespace mini_infer::graph {
namespace {

enum class Mark : std::uint8_t { kUnseen, kOpen, kDone };

// A node being visited and the input slot to look at next. A stack of its own: a deep graph must
// not overflow the call stack.
struct Frame {
  NodeId node;
  std::size_t next_input;
};

std::string name_cycle(const Graph& graph, const std::vector<Frame>& path, NodeId back_to) {
  auto start = std::find_if(path.begin(), path.end(),
                            [&](const Frame& frame) { return frame.node == back_to; });
  // The path walks from readers to producers; name the cycle the way data flows.
  std::string text = describe(graph.node(back_to));
  for (auto frame = path.end(); frame-- != start;) {
    text += " -> " + describe(graph.node(frame->node));
  }
  return text;
}

}  // namespace

core::Status Graph::topological_sort(std::vector<NodeId>& order) const {
  order.clear();
  order.reserve(nodes_.size());
  std::vector<Mark> marks(nodes_.size(), Mark::kUnseen);
  std::vector<Frame> path;
  for (NodeId root = 0; root < static_cast<NodeId>(nodes_.size()); ++root) {
    if (marks[static_cast<std::size_t>(root)] != Mark::kUnseen) continue;
    path.push_back({root, 0});
    marks[static_cast<std::size_t>(root)] = Mark::kOpen;
    while (!path.empty()) {
      Frame& frame = path.back();
      const Node& current = node(frame.node);
      if (frame.next_input == current.inputs.size()) {
        marks[static_cast<std::size_t>(frame.node)] = Mark::kDone;
        order.push_back(frame.node);
        path.pop_back();
        continue;
      }
      const ValueId input = current.inputs[frame.next_input++];
      const NodeId producer = input == kNoValue ? kNoNode : value(input).producer;
      if (producer == kNoNode) continue;
      Mark& mark = marks[static_cast<std::size_t>(producer)];
      if (mark == Mark::kOpen) {
        return {core::Status::ERROR_INVALID_MODEL,
                "the graph has a cycle: " + name_cycle(*this, path, producer)};
      }
      if (mark == Mark::kUnseen) {
        mark = Mark::kOpen;
        path.push_back({producer, 0});
      }
    }
  }
  return core::Status::SUCCESS;
}

}  // namespace mini_infer::graph
