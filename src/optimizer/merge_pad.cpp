#include <algorithm>

#include "ops/node_view.h"
#include "optimizer/passes.h"
#include "optimizer/pattern.h"

namespace mini_infer::optimizer {
namespace {

using graph::kNoNode;
using graph::kNoValue;
using graph::Node;
using graph::NodeId;
using Ints = std::vector<std::int64_t>;

constexpr std::size_t kLeading = 2;  // batch and channels, which are not spatial

bool pads_with_zeros(const graph::Graph& graph, const Node& pad) {
  constexpr std::size_t kValue = 2, kAxes = 3;
  if (pad.get_string("mode", "constant") != "constant") return false;
  if (pad.get_float("value", 0) != 0 || input_of(pad, kAxes) != kNoValue) return false;
  return input_of(pad, kValue) == kNoValue || number(graph, pad.inputs[kValue]) == 0.0;
}

// What is added before and behind each spatial axis, in the order of Conv's pads; nullopt when the
// node does anything else.
std::optional<Ints> spatial_pads(const graph::Graph& graph, NodeId id) {
  const auto pads = ops::NodeView(graph, id).ints("pads", 1, {});
  if (!pads.ok() || !pads_with_zeros(graph, graph.node(id))) return std::nullopt;
  const std::size_t rank = pads->size() / 2;
  Ints spatial;
  for (std::size_t i = 0; i < pads->size(); ++i) {
    const bool leading = i % rank < kLeading;
    if ((*pads)[i] < 0 || (leading && (*pads)[i] != 0)) return std::nullopt;
    if (!leading) spatial.push_back((*pads)[i]);
  }
  return spatial;
}

// The pads of the convolution itself; nullopt when they depend on the extents.
std::optional<Ints> own_pads(const Node& conv, std::size_t count) {
  const std::string automatic = conv.get_string("auto_pad", "NOTSET");
  if (automatic == "VALID") return Ints(count, 0);
  if (automatic != "NOTSET") return std::nullopt;
  return conv.get_ints("pads", Ints(count, 0));
}

void merge_into(Rewriter& rewriter, NodeId pad, NodeId conv) {
  Node& node = rewriter.node(conv);
  if (!node.is("Conv") || node.inputs[0] != rewriter.node(pad).outputs[0]) return;
  const auto added = spatial_pads(rewriter.graph(), pad);
  auto pads = added ? own_pads(node, added->size()) : std::nullopt;
  if (!pads) return;
  std::transform(pads->begin(), pads->end(), added->begin(), pads->begin(), std::plus<>());
  node.attributes.erase("auto_pad");
  node.attributes["pads"] = std::move(*pads);
  rewriter.set_input(conv, 0, rewriter.node(pad).inputs[0]);
  rewriter.remove(pad);
}

}  // namespace

core::Status merge_pad(graph::Graph& graph) {
  Rewriter rewriter(graph);
  for (NodeId id : rewriter.nodes()) {
    if (!rewriter.node(id).is("Pad")) continue;
    const NodeId reader = rewriter.only_reader(rewriter.node(id).outputs[0]);
    if (reader != kNoNode) merge_into(rewriter, id, reader);
  }
  return rewriter.finish();
}

}  // namespace mini_infer::optimizer
