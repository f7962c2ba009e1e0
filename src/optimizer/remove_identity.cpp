#include <algorithm>

#include "core/try.h"
#include "optimizer/constants.h"
#include "optimizer/passes.h"
#include "optimizer/pattern.h"
#include "optimizer/reshape.h"
#include "optimizer/rewrite.h"

namespace mini_infer::optimizer {
namespace {

using graph::kNoValue;
using graph::Node;
using graph::NodeId;
using graph::ValueId;

bool same_shape(const Rewriter& rewriter, const Node& node) {
  return rewriter.value(node.inputs[0]).shape == rewriter.value(node.outputs[0]).shape;
}

bool same_type(const Rewriter& rewriter, const Node& node) {
  return rewriter.value(node.inputs[0]).type == rewriter.value(node.outputs[0]).type;
}

// The second output of Dropout, the mask, must be unread. A training mode that is not known until
// running keeps the node.
bool drops_nothing(const Rewriter& rewriter, const Node& node) {
  if (node.outputs.size() > 1 && node.outputs[1] != kNoValue) {
    const ValueId mask = node.outputs[1];
    if (rewriter.is_output(mask) || !rewriter.readers(mask).empty()) return false;
  }
  if (input_of(node, 2) == kNoValue) return true;
  const auto& training = rewriter.value(node.inputs[2]).constant;
  return training && training->elements() == 1 && training->bytes()[0] == std::byte{0};
}

// A negative step reverses an axis without changing its extent.
bool slices_nothing(const Rewriter& rewriter, const Node& node) {
  if (!same_shape(rewriter, node)) return false;
  if (input_of(node, 4) == kNoValue) return true;
  const auto steps = int_constant(rewriter.graph(), node.inputs[4]);
  return steps && std::all_of(steps->begin(), steps->end(), [](auto step) { return step > 0; });
}

// Pads may be negative, and so cancel out in the shape.
bool pads_nothing(const Rewriter& rewriter, const Node& node) {
  std::vector<std::int64_t> pads = node.get_ints("pads");
  if (input_of(node, 1) != kNoValue) {
    const auto constant = int_constant(rewriter.graph(), node.inputs[1]);
    if (!constant) return false;
    pads = *constant;
  }
  return std::all_of(pads.begin(), pads.end(), [](auto pad) { return pad == 0; });
}

// A bound left out is the largest finite number: of floats, infinities are clipped to it.
bool clips_nothing(const Rewriter& rewriter, const Node& node) {
  return node.opset >= 11 && input_of(node, 1) == kNoValue && input_of(node, 2) == kNoValue &&
         core::is_integer(rewriter.value(node.inputs[0]).type);
}

bool is_one_of(const Node& node, std::initializer_list<std::string_view> types) {
  return node.domain.empty() && std::find(types.begin(), types.end(), node.op) != types.end();
}

// x where the node is x * 1, x / 1, x + 0, x - 0 or x to the power of 1; else kNoValue.
ValueId under_neutral(const Rewriter& rewriter, const Node& node) {
  const bool product = is_one_of(node, {"Mul", "Div", "Pow"});
  if (!product && !is_one_of(node, {"Add", "Sub"})) return kNoValue;
  const bool commutes = is_one_of(node, {"Mul", "Add"});
  for (std::size_t x : {0u, 1u}) {
    if (x == 1 && !commutes) break;
    const bool neutral = number(rewriter.graph(), node.inputs[1 - x]) == (product ? 1.0 : 0.0);
    const auto& shape = rewriter.value(node.inputs[x]).shape;
    if (neutral && shape == rewriter.value(node.outputs[0]).shape) return node.inputs[x];
  }
  return kNoValue;
}

void name_identity(Rewriter& rewriter, NodeId id) {
  const ValueId x = under_neutral(rewriter, rewriter.node(id));
  if (x == kNoValue) return;
  Node& node = rewriter.node(id);
  node.op = "Identity";
  node.attributes.clear();
  rewriter.set_inputs(id, {x});
}

bool changes_nothing(const Rewriter& rewriter, NodeId id) {
  const Node& node = rewriter.node(id);
  if (input_of(node, 0) == kNoValue || node.outputs.empty() || node.outputs[0] == kNoValue) {
    return false;
  }
  if (node.is("Identity")) return true;
  if (node.is("Dropout")) return drops_nothing(rewriter, node);
  if (node.is("Cast")) return same_type(rewriter, node);
  if (node.is("Slice")) return slices_nothing(rewriter, node);
  if (node.is("Pad")) return pads_nothing(rewriter, node);
  if (is_one_of(node, {"Concat", "Sum", "Max", "Min", "Mean"})) return node.inputs.size() == 1;
  if (node.is("Split")) return node.outputs.size() == 1;
  if (is_one_of(node, {"Expand", "Tile"})) return same_shape(rewriter, node);
  if (node.is("Clip")) return clips_nothing(rewriter, node);
  return is_view(rewriter.graph(), id) && same_shape(rewriter, node);
}

// An operator of two that broadcasts by itself needs no Expand before it, when its other operand
// already has the shape that comes out.
void read_through_expand(Rewriter& rewriter, NodeId id) {
  const Node& node = rewriter.node(id);
  if (!is_one_of(node, {"Add", "Sub", "Mul", "Div", "Pow"})) return;
  for (int slot : {0, 1}) {
    const auto side = static_cast<std::size_t>(slot);
    const Node* expand = made_by(rewriter.graph(), node.inputs[side], "Expand");
    const auto& other = rewriter.value(node.inputs[1 - side]).shape;
    if (expand == nullptr || other != rewriter.value(node.outputs[0]).shape) continue;
    rewriter.set_input(id, slot, expand->inputs[0]);
  }
}

// Two transposes in a row are one; but where the second moves nothing and both together do, the
// first may have other readers, and its work would be done twice.
void join_transposes(Rewriter& rewriter, NodeId id) {
  const NodeId before = rewriter.value(rewriter.node(id).inputs[0]).producer;
  if (before == graph::kNoNode || !rewriter.node(before).is("Transpose")) return;
  const auto first = permutation_of(rewriter.graph(), before);
  std::vector<std::int64_t> joined;
  for (std::int64_t axis : permutation_of(rewriter.graph(), id)) {
    joined.push_back(first[static_cast<std::size_t>(axis)]);
  }
  const ValueId root = rewriter.node(before).inputs[0];
  const bool moves = !moves_no_element(*rewriter.value(root).shape, joined);
  if (moves && is_view(rewriter.graph(), id)) return;
  rewriter.node(id).attributes["perm"] = std::move(joined);
  rewriter.set_input(id, 0, root);
}

}  // namespace

core::Status remove_identity(graph::Graph& graph) {
  Rewriter rewriter(graph);
  for (NodeId id : rewriter.nodes()) {
    if (rewriter.node(id).is("Transpose")) join_transposes(rewriter, id);
    if (is_view(graph, id)) join_views(rewriter, id);
    name_identity(rewriter, id);
    read_through_expand(rewriter, id);
    if (changes_nothing(rewriter, id) && rewriter.can_bypass(id)) MI_TRY(rewriter.bypass(id));
  }
  return rewriter.finish();
}

}  // namespace mini_infer::optimizer
