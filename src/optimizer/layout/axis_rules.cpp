#include <algorithm>
#include <numeric>
#include <span>

#include "core/try.h"
#include "ops/node_view.h"
#include "optimizer/constants.h"
#include "optimizer/layout/rules.h"

// Operators that name axes: the names change with the order of the axes.
namespace mini_infer::optimizer {
namespace {

using graph::Node;
using graph::NodeId;
using Ints = std::vector<std::int64_t>;

constexpr int kAlongOneAxis = 13;  // the opset since which Softmax does not flatten

int rank_of(const Rewriter& rewriter, NodeId id) { return rewriter.input_shape(id).rank(); }

LayoutPorts in_and_out(const Node& node, std::size_t inputs) {
  LayoutPorts ports;
  ports.inputs.resize(inputs);
  ports.outputs.resize(node.outputs.size());
  std::iota(ports.inputs.begin(), ports.inputs.end(), 0);
  std::iota(ports.outputs.begin(), ports.outputs.end(), 0);
  std::erase_if(ports.outputs, [&](int slot) {
    return node.outputs[static_cast<std::size_t>(slot)] == graph::kNoValue;
  });
  return ports;
}

// One tensor in, tensors of the same rank out.
std::optional<LayoutPorts> one_input_ports(const Rewriter& rewriter, NodeId id) {
  if (rank_of(rewriter, id) < 3) return std::nullopt;
  return in_and_out(rewriter.node(id), 1);
}

std::optional<LayoutPorts> concat_ports(const Rewriter& rewriter, NodeId id) {
  if (rank_of(rewriter, id) < 3) return std::nullopt;
  return in_and_out(rewriter.node(id), rewriter.node(id).inputs.size());
}

std::optional<LayoutPorts> softmax_ports(const Rewriter& rewriter, NodeId id) {
  if (rewriter.node(id).opset < kAlongOneAxis) return std::nullopt;
  return one_input_ports(rewriter, id);
}

core::Status map_axis(ConstantForms& forms, NodeId id, std::int64_t by_default) {
  const int rank = rank_of(forms.rewriter(), id);
  Node& node = forms.rewriter().node(id);
  node.attributes["axis"] = channels_last_axis(node.get_int("axis", by_default), rank);
  return core::Status::SUCCESS;
}

core::Status map_first_axis(ConstantForms& forms, NodeId id, const LayoutPorts&) {
  return map_axis(forms, id, 0);
}
core::Status map_last_axis(ConstantForms& forms, NodeId id, const LayoutPorts&) {
  return map_axis(forms, id, -1);
}

// What a reduction without keepdims leaves must be in the same order in both layouts: then its
// output has no layout.
std::optional<LayoutPorts> reduction_ports(const Rewriter& rewriter, NodeId id, const Ints& axes) {
  const int rank = rank_of(rewriter, id);
  if (rank < 3) return std::nullopt;
  if (rewriter.node(id).get_int("keepdims", 1) != 0) return in_and_out(rewriter.node(id), 1);
  std::int64_t last = -1;
  for (std::int64_t axis : to_channels_last(rank)) {
    const bool reduced = std::any_of(axes.begin(), axes.end(), [&](std::int64_t stated) {
      return axis == (stated < 0 ? stated + rank : stated);
    });
    if (reduced) continue;
    if (axis < last) return std::nullopt;
    last = axis;
  }
  return LayoutPorts{.inputs = {0}, .outputs = {}};
}

std::optional<LayoutPorts> reduce_ports(const Rewriter& rewriter, NodeId id) {
  const auto axes = ops::NodeView(rewriter.graph(), id).ints("axes", 1, {});
  if (!axes.ok()) return std::nullopt;
  if (!axes->empty()) return reduction_ports(rewriter, id, *axes);
  if (rewriter.node(id).get_int("noop_with_empty_axes", 0) != 0) return std::nullopt;
  Ints all(static_cast<std::size_t>(rank_of(rewriter, id)));
  std::iota(all.begin(), all.end(), 0);
  return reduction_ports(rewriter, id, all);
}

std::optional<LayoutPorts> arg_reduce_ports(const Rewriter& rewriter, NodeId id) {
  return reduction_ports(rewriter, id, {rewriter.node(id).get_int("axis", 0)});
}

// Writes a list of integers where the node has it: an attribute, or else an input.
void set_ints(Rewriter& rewriter, NodeId id, const char* key, std::size_t slot, Ints values) {
  Node& node = rewriter.node(id);
  if (node.attributes.contains(key)) {
    node.attributes[key] = std::move(values);
    return;
  }
  std::vector<graph::ValueId> inputs = node.inputs;
  inputs.resize(std::max(inputs.size(), slot + 1), graph::kNoValue);
  inputs[slot] = rewriter.add_constant(node.name + "_" + key, int_tensor(values));
  rewriter.set_inputs(id, std::move(inputs));
}

core::Status map_axes(ConstantForms& forms, NodeId id, std::size_t slot, const Ints& by_default) {
  Rewriter& rewriter = forms.rewriter();
  const int rank = rank_of(rewriter, id);
  MI_ASSIGN(Ints axes,
            ops::NodeView(rewriter.graph(), id).ints("axes", static_cast<int>(slot), by_default));
  if (axes.empty()) return core::Status::SUCCESS;  // all of them
  for (std::int64_t& axis : axes) axis = channels_last_axis(axis, rank);
  set_ints(rewriter, id, "axes", slot, std::move(axes));
  return core::Status::SUCCESS;
}

core::Status convert_reduce(ConstantForms& forms, NodeId id, const LayoutPorts&) {
  return map_axes(forms, id, 1, {});
}

core::Status convert_slice(ConstantForms& forms, NodeId id, const LayoutPorts&) {
  constexpr int kStarts = 1, kAxes = 3;
  const ops::NodeView view(forms.rewriter().graph(), id);
  MI_ASSIGN(Ints leading, view.ints("starts", kStarts, {}));
  std::iota(leading.begin(), leading.end(), 0);
  Node& node = forms.rewriter().node(id);
  if (node.attributes.contains("starts")) node.attributes.try_emplace("axes", leading);
  return map_axes(forms, id, kAxes, leading);
}

core::Status convert_pad(ConstantForms& forms, NodeId id, const LayoutPorts&) {
  constexpr int kPads = 1, kAxes = 3;
  Rewriter& rewriter = forms.rewriter();
  if (input_of(rewriter.node(id), kAxes) != graph::kNoValue) return map_axes(forms, id, kAxes, {});
  MI_ASSIGN(const Ints pads, ops::NodeView(rewriter.graph(), id).ints("pads", kPads, {}));
  const std::size_t rank = pads.size() / 2;
  Ints moved;
  for (std::size_t side : {std::size_t{0}, rank}) {
    for (std::int64_t axis : to_channels_last(static_cast<int>(rank))) {
      moved.push_back(pads[side + static_cast<std::size_t>(axis)]);
    }
  }
  set_ints(rewriter, id, "pads", kPads, std::move(moved));
  return core::Status::SUCCESS;
}

constexpr LayoutRule kReduce{reduce_ports, convert_reduce};
constexpr LayoutRule kArgReduce{arg_reduce_ports, map_first_axis};

constexpr NamedLayoutRule kTable[] = {
    {"Concat", "", {concat_ports, map_first_axis}},
    {"Split", "", {one_input_ports, map_first_axis}},
    {"Softmax", "", {softmax_ports, map_last_axis}},
    {"LogSoftmax", "", {softmax_ports, map_last_axis}},
    {"Slice", "", {one_input_ports, convert_slice}},
    {"Pad", "", {one_input_ports, convert_pad}},
    {"ArgMax", "", kArgReduce},
    {"ArgMin", "", kArgReduce},
    {"ReduceL1", "", kReduce},
    {"ReduceL2", "", kReduce},
    {"ReduceLogSum", "", kReduce},
    {"ReduceLogSumExp", "", kReduce},
    {"ReduceMax", "", kReduce},
    {"ReduceMean", "", kReduce},
    {"ReduceMin", "", kReduce},
    {"ReduceProd", "", kReduce},
    {"ReduceSum", "", kReduce},
    {"ReduceSumSquare", "", kReduce},
};

}  // namespace

extern constinit const std::span<const NamedLayoutRule> kAxisRules = kTable;

}  // namespace mini_infer::optimizer
