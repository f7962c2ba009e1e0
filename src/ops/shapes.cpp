#include "ops/shapes.h"

#include <algorithm>

namespace mini_infer::ops {

using core::Shape;
using core::Status;

std::optional<Shape> broadcast(const Shape& a, const Shape& b) {
  const int rank = std::max(a.rank(), b.rank());
  Shape result(std::vector<std::int64_t>(static_cast<std::size_t>(rank), 1));
  for (int from_end = 1; from_end <= rank; ++from_end) {
    const std::int64_t left = from_end <= a.rank() ? a[a.rank() - from_end] : 1;
    const std::int64_t right = from_end <= b.rank() ? b[b.rank() - from_end] : 1;
    if (left != right && left != 1 && right != 1) return std::nullopt;
    result[rank - from_end] = left == 1 ? right : left;
  }
  return result;
}

core::Result<int> normalize_axis(const NodeView& view, std::int64_t axis, int rank) {
  if (axis < -rank || axis >= rank) {
    return view.fail("axis " + std::to_string(axis) + " is outside a tensor of rank " +
                     std::to_string(rank));
  }
  return static_cast<int>(axis < 0 ? axis + rank : axis);
}

core::Result<std::vector<int>> normalize_axes(const NodeView& view,
                                              const std::vector<std::int64_t>& axes, int rank) {
  std::vector<int> normalized;
  for (std::int64_t axis : axes) {
    MI_ASSIGN(const int one, normalize_axis(view, axis, rank));
    if (std::find(normalized.begin(), normalized.end(), one) != normalized.end()) {
      return view.fail("axis " + std::to_string(axis) + " is named twice");
    }
    normalized.push_back(one);
  }
  return normalized;
}

std::vector<std::int64_t> strides_of(const Shape& shape) {
  std::vector<std::int64_t> strides(static_cast<std::size_t>(shape.rank()));
  std::int64_t stride = 1;
  for (int axis = shape.rank() - 1; axis >= 0; --axis) {
    strides[static_cast<std::size_t>(axis)] = stride;
    stride *= shape[axis];
  }
  return strides;
}

std::vector<std::int64_t> broadcast_strides(const Shape& shape, const Shape& to) {
  const std::vector<std::int64_t> dense = strides_of(shape);
  std::vector<std::int64_t> strides(static_cast<std::size_t>(to.rank()), 0);
  const int lead = to.rank() - shape.rank();
  for (int axis = 0; axis < shape.rank(); ++axis) {
    if (shape[axis] != 1) {
      strides[static_cast<std::size_t>(lead + axis)] = dense[static_cast<std::size_t>(axis)];
    }
  }
  return strides;
}

Status infer_same_as_first(InferContext& context) {
  if (!context.has_input(0)) return context.fail("input 0 is missing");
  context.set_output(0, context.input_type(0), context.input_shape(0));
  return Status::SUCCESS;
}

Status infer_broadcast(InferContext& context) {
  MI_TRY(context.expect_inputs(1, INT32_MAX));
  Shape shape = context.input_shape(0);
  for (int slot = 1; slot < context.input_count(); ++slot) {
    if (!context.has_input(slot))
      return context.fail("input " + std::to_string(slot) + " is missing");
    if (context.input_type(slot) != context.input_type(0)) {
      return context.fail(std::string("inputs differ in type: ") +
                          core::type_name(context.input_type(0)) + " and " +
                          core::type_name(context.input_type(slot)));
    }
    auto joined = broadcast(shape, context.input_shape(slot));
    if (!joined) {
      return context.fail("shapes " + shape.to_string() + " and " +
                          context.input_shape(slot).to_string() + " do not broadcast");
    }
    shape = std::move(*joined);
  }
  context.set_output(0, context.input_type(0), std::move(shape));
  return Status::SUCCESS;
}

}  // namespace mini_infer::ops
