#include "optimizer/attention/strided_view.h"

#include <algorithm>

#include "ops/shapes.h"
#include "ops/slice.h"
#include "ops/split.h"
#include "optimizer/constants.h"
#include "optimizer/reshape.h"

namespace mini_infer::optimizer {
namespace {

using core::Shape;
using graph::Graph;
using graph::kNoNode;
using graph::kNoValue;
using graph::Node;
using graph::NodeId;
using graph::ValueId;
using ops::NodeView;

// Elements from the axis' beginning to an index.
std::int64_t position(const StridedAxis& axis, std::int64_t index) {
  std::int64_t at = 0;
  for (auto stride = axis.rbegin(); stride != axis.rend(); ++stride) {
    at += index % stride->extent * stride->step;
    index /= stride->extent;
  }
  return at;
}

StridedView dense_view(const Graph& graph, ValueId value) {
  const Shape& shape = *graph.value(value).shape;
  const std::vector<std::int64_t> steps = ops::strides_of(shape);
  StridedView view;
  view.root = value;
  for (int axis = 0; axis < shape.rank(); ++axis) {
    const Stride stride{shape[axis], steps[static_cast<std::size_t>(axis)]};
    view.axes.push_back(stride.extent == 1 ? StridedAxis{} : StridedAxis{stride});
  }
  return view;
}

// Which input a scalar multiplies or divides, and by how much; kNoValue when none.
struct Scaling {
  ValueId from = kNoValue;
  float factor = 1;
};

Scaling scaling_of(const Graph& graph, const Node& node) {
  if (!node.is("Mul") && !node.is("Div")) return {};
  if (const auto scalar = float_scalar(graph, node.inputs[1])) {
    return {node.inputs[0], node.is("Mul") ? *scalar : 1 / *scalar};
  }
  const auto scalar = node.is("Mul") ? float_scalar(graph, node.inputs[0]) : std::nullopt;
  return scalar ? Scaling{node.inputs[1], *scalar} : Scaling{};
}

bool gathers_one(const Graph& graph, const Node& node) {
  if (!node.is("Gather")) return false;
  const auto indices = int_constant(graph, node.inputs[1]);
  return indices && indices->size() == 1;
}

// Of a node that re-views one of its inputs: which.
ValueId viewed_by(const Graph& graph, NodeId id, bool scaled) {
  const Node& node = graph.node(id);
  if (!node.domain.empty()) return kNoValue;
  if (is_view(graph, id) || node.is("Transpose") || node.is("Split") || node.is("Slice") ||
      node.is("Expand") || node.is("Tile") || gathers_one(graph, node)) {
    return node.inputs[0];
  }
  const Scaling scaling = scaled ? scaling_of(graph, node) : Scaling{};
  if (scaling.from == kNoValue) return kNoValue;
  const bool keeps_shape = graph.value(scaling.from).shape == graph.value(node.outputs[0]).shape;
  return keeps_shape ? scaling.from : kNoValue;
}

// Keeps `window.extent` indices of an axis from `first` on, `window.step` apart.
bool narrow(StridedView& view, int which, std::int64_t first, Stride window) {
  StridedAxis& axis = view.axes[static_cast<std::size_t>(which)];
  if (window == Stride{extent_of(axis), 1} || extent_of(axis) == 1) return true;
  view.offset += position(axis, first);
  if (window.extent == 1) {
    axis.clear();
    return true;
  }
  const auto stride = single(axis);
  if (!stride) return false;
  axis = {{window.extent, stride->step * window.step}};
  return true;
}

bool apply_split(const NodeView& split, ValueId output, StridedView& view) {
  const auto parts = ops::split_parts(split);
  if (!parts.ok()) return false;
  std::int64_t first = 0;
  for (std::size_t slot = 0; slot < parts->extents.size(); ++slot) {
    const std::int64_t extent = parts->extents[slot];
    if (split.node().outputs[slot] == output) return narrow(view, parts->axis, first, {extent, 1});
    first += extent;
  }
  return false;
}

bool apply_slice(const NodeView& slice, StridedView& view) {
  const auto window = ops::slice_window(slice);
  if (!window.ok()) return false;
  for (int axis = 0; axis < window->extents.rank(); ++axis) {
    const auto at = static_cast<std::size_t>(axis);
    if (window->steps[at] < 1) return false;
    if (!narrow(view, axis, window->starts[at], {window->extents[axis], window->steps[at]})) {
      return false;
    }
  }
  return true;
}

bool apply_gather(const NodeView& gather, StridedView& view) {
  const auto rank = static_cast<std::int64_t>(view.axes.size());
  std::int64_t axis = gather.node().get_int("axis", 0);
  axis += axis < 0 ? rank : 0;
  const StridedAxis& from = view.axes[static_cast<std::size_t>(axis)];
  std::int64_t index = (*int_constant(gather.graph(), gather.node().inputs[1]))[0];
  index += index < 0 ? extent_of(from) : 0;
  if (index < 0 || index >= extent_of(from)) return false;
  view.offset += position(from, index);
  view.axes.erase(view.axes.begin() + axis);
  view.axes.insert(view.axes.begin() + axis, static_cast<std::size_t>(gather.input_shape(1).rank()),
                   {});
  return true;
}

// Axes of extent 1 may be repeated, others must stay.
bool apply_repeat(const Shape& shape, StridedView& view) {
  const std::size_t added = static_cast<std::size_t>(shape.rank()) - view.axes.size();
  view.axes.insert(view.axes.begin(), added, {});
  for (int axis = 0; axis < shape.rank(); ++axis) {
    StridedAxis& strides = view.axes[static_cast<std::size_t>(axis)];
    if (extent_of(strides) == shape[axis]) continue;
    if (!strides.empty()) return false;
    strides = {{shape[axis], 0}};
  }
  return true;
}

bool apply_regroup(const Shape& shape, StridedView& view) {
  auto axes = regrouped(view.axes, shape.dims());
  if (axes) view.axes = std::move(*axes);
  return axes.has_value();
}

void apply_transpose(const Graph& graph, NodeId id, StridedView& view) {
  std::vector<StridedAxis> axes;
  for (std::int64_t axis : permutation_of(graph, id)) {
    axes.push_back(view.axes[static_cast<std::size_t>(axis)]);
  }
  view.axes = std::move(axes);
}

// Makes the view of the node's input one of its output.
bool apply(const Graph& graph, NodeId id, ValueId output, StridedView& view) {
  const Node& node = graph.node(id);
  const NodeView node_view(graph, id);
  const Shape& shape = *graph.value(output).shape;
  if (node.is("Split")) return apply_split(node_view, output, view);
  if (node.is("Slice")) return apply_slice(node_view, view);
  if (node.is("Gather")) return apply_gather(node_view, view);
  if (node.is("Expand") || node.is("Tile")) return apply_repeat(shape, view);
  if (node.is("Mul") || node.is("Div")) {
    view.scale *= scaling_of(graph, node).factor;
    return true;
  }
  if (!node.is("Transpose")) return apply_regroup(shape, view);
  apply_transpose(graph, id, view);
  return true;
}

}  // namespace

std::vector<ViewStep> view_steps(const Graph& graph, ValueId value, bool scaled) {
  std::vector<ViewStep> steps;
  for (NodeId id = graph.value(value).producer; id != kNoNode; id = graph.value(value).producer) {
    const ValueId from = viewed_by(graph, id, scaled);
    if (from == kNoValue) break;
    steps.push_back({id, from});
    value = from;
  }
  return steps;
}

std::optional<StridedView> view_through(const Graph& graph, ValueId value,
                                        const std::vector<ViewStep>& steps, std::size_t count) {
  if (graph.value(value).shape->elements() == 0) return std::nullopt;
  StridedView view = dense_view(graph, count == 0 ? value : steps[count - 1].from);
  for (std::size_t step = count; step-- > 0;) {
    const ValueId output = step == 0 ? value : steps[step - 1].from;
    if (!apply(graph, steps[step].node, output, view)) return std::nullopt;
  }
  return view;
}

std::int64_t extent_of(const StridedAxis& axis) {
  std::int64_t extent = 1;
  for (const Stride& stride : axis) extent *= stride.extent;
  return extent;
}

StridedAxis merged(const StridedAxis& axis) {
  StridedAxis result;
  for (const Stride& stride : axis) {
    const bool joins = !result.empty() && result.back().step == stride.extent * stride.step;
    if (joins) {
      result.back() = {result.back().extent * stride.extent, stride.step};
    } else {
      result.push_back(stride);
    }
  }
  return result;
}

std::optional<Stride> single(const StridedAxis& axis) {
  const StridedAxis strides = merged(axis);
  if (strides.size() > 1) return std::nullopt;
  return strides.empty() ? Stride{} : strides[0];
}

std::optional<std::vector<StridedAxis>> regrouped(const std::vector<StridedAxis>& axes,
                                                  const std::vector<std::int64_t>& shape) {
  StridedAxis strides;
  for (const StridedAxis& axis : axes) strides.insert(strides.end(), axis.begin(), axis.end());
  strides = merged(strides);
  std::vector<StridedAxis> result(shape.size());
  for (std::size_t axis = shape.size(); axis-- > 0;) {
    std::int64_t wanted = shape[axis];
    while (wanted > 1 && !strides.empty()) {
      Stride& inner = strides.back();
      const std::int64_t taken = std::min(wanted, inner.extent);
      if (wanted % taken != 0 || inner.extent % taken != 0) return std::nullopt;
      result[axis].insert(result[axis].begin(), {taken, inner.step});
      wanted /= taken;
      inner = {inner.extent / taken, inner.step * taken};
      if (inner.extent == 1) strides.pop_back();
    }
    if (wanted != 1) return std::nullopt;
  }
  return result;
}

}  // namespace mini_infer::optimizer
