#include "ops/tensor_window.h"

#include "ops/movement.h"
#include "ops/op_def.h"
#include "ops/shapes.h"

namespace mini_infer::ops {
namespace {

using core::Shape;

// Whether the inner tensor's rows are neighbours in the outer one: inside its first axis of more
// than one index, it spans the outer's extents, but for the last axis.
bool has_neighbouring_rows(const Shape& inner, const Shape& outer) {
  int axis = 0;
  while (axis + 1 < inner.rank() && inner[axis] == 1) ++axis;
  for (++axis; axis + 1 < inner.rank(); ++axis) {
    if (inner[axis] != outer[axis]) return false;
  }
  return true;
}

// Whether the walk through the inner tensor takes neighbours of the outer one along every axis.
bool takes_neighbours(const Shape& inner, const std::vector<std::int64_t>& steps,
                      const Shape& outer) {
  const std::vector<std::int64_t> dense = strides_of(outer);
  for (int axis = 0; axis < inner.rank(); ++axis) {
    const auto at = static_cast<std::size_t>(axis);
    if (inner[axis] > 1 && steps[at] != dense[at]) return false;
  }
  return true;
}

}  // namespace

std::vector<TensorWindow> windows(const NodeView& view) {
  std::vector<TensorWindow> found;
  const bool of_output = view.node().is("Concat");
  if (!of_output && !view.node().is("Split") && !view.node().is("Slice")) return found;
  const auto moves = uncollapsed_moves_of(view);
  if (!moves.ok()) return found;
  for (const Move& move : *moves) {
    const Shape& input = view.input_shape(move.input);
    const Shape& output = view.output_shape(move.output);
    const Shape& inner = of_output ? input : output;
    const Shape& outer = of_output ? output : input;
    if (inner.rank() == 0 || inner.elements() == 0) continue;
    std::vector<std::int64_t> steps;
    for (const StridedCopy::Axis& axis : move.copy.axes) {
      steps.push_back(of_output ? axis.to : axis.from);
    }
    if (!takes_neighbours(inner, steps, outer) || !has_neighbouring_rows(inner, outer)) continue;
    const std::int64_t start = of_output ? move.copy.to_start : move.copy.from_start;
    const std::int64_t row = last_extent(outer);
    found.push_back({move.input, move.output, of_output, start / row, start % row});
  }
  return found;
}

}  // namespace mini_infer::ops
