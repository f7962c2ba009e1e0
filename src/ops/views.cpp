#include <algorithm>

#include "core/try.h"
#include "ops/op_def.h"
#include "ops/shapes.h"

// Operators whose output is the input's bytes under another shape.
namespace mini_infer::ops {
namespace {

using core::Result;
using core::Shape;
using core::Status;
using Ints = std::vector<std::int64_t>;

Status infer_identity(InferContext& context) {
  MI_TRY(context.expect_inputs(1, 1));
  return infer_same_as_first(context);
}

// `wanted` with every 0 that stands for "as in the input" filled in.
Result<Shape> copy_extents(const NodeView& view, Shape wanted) {
  const Shape& shape = view.input_shape(0);
  if (view.node().get_int("allowzero", 0) != 0) return wanted;
  for (int axis = 0; axis < wanted.rank(); ++axis) {
    if (wanted[axis] != 0) continue;
    if (axis >= shape.rank()) {
      return view.fail("shape " + wanted.to_string() + " copies the extent of axis " +
                       std::to_string(axis) + ", which the input " + shape.to_string() +
                       " does not have");
    }
    wanted[axis] = shape[axis];
  }
  return wanted;
}

// `wanted`, whose one extent of -1 becomes what is left of `elements`. nullopt when nothing fits.
std::optional<Shape> fill_in(Shape wanted, std::int64_t elements) {
  int unknown = -1;
  std::int64_t product = 1;
  for (int axis = 0; axis < wanted.rank(); ++axis) {
    if (wanted[axis] == -1 && unknown < 0) {
      unknown = axis;
    } else if (wanted[axis] < 0 || __builtin_mul_overflow(product, wanted[axis], &product)) {
      return std::nullopt;
    }
  }
  if (unknown >= 0) {
    if (product == 0 || elements % product != 0) return std::nullopt;
    wanted[unknown] = elements / product;
  } else if (product != elements) {
    return std::nullopt;
  }
  return wanted;
}

Status infer_reshape(InferContext& context) {
  MI_TRY(context.expect_inputs(2, 2));
  MI_ASSIGN(Ints dims, context.ints(1));
  const Shape stated(std::move(dims));
  MI_ASSIGN(const Shape wanted, copy_extents(context, stated));
  auto shape = fill_in(wanted, context.input_shape(0).elements());
  if (!shape) {
    return context.fail("the input " + context.input_shape(0).to_string() +
                        " does not take the shape " + stated.to_string());
  }
  context.set_output(0, context.input_type(0), std::move(*shape));
  return Status::SUCCESS;
}

Status infer_flatten(InferContext& context) {
  MI_TRY(context.expect_inputs(1, 1));
  const Shape& shape = context.input_shape(0);
  const std::int64_t stated = context.node().get_int("axis", 1);
  const std::int64_t axis = stated < 0 ? stated + shape.rank() : stated;
  if (axis < 0 || axis > shape.rank()) {
    return context.fail("axis " + std::to_string(stated) + " is outside a tensor of rank " +
                        std::to_string(shape.rank()));
  }
  const int split = static_cast<int>(axis);
  context.set_output(0, context.input_type(0),
                     {shape.elements(0, split), shape.elements(split, shape.rank())});
  return Status::SUCCESS;
}

bool names_axes(const NodeView& view) {
  return view.node().attributes.contains("axes") || view.has_input(1);
}

Status infer_squeeze(InferContext& context) {
  MI_TRY(context.expect_inputs(1, 2));
  const Shape& shape = context.input_shape(0);
  MI_ASSIGN(const Ints stated, context.ints("axes", 1, {}));
  MI_ASSIGN(const auto axes, normalize_axes(context, stated, shape.rank()));
  const bool all = !names_axes(context);
  Ints kept;
  for (int axis = 0; axis < shape.rank(); ++axis) {
    const bool named = std::find(axes.begin(), axes.end(), axis) != axes.end();
    if (named && shape[axis] != 1) {
      return context.fail("axis " + std::to_string(axis) + " of " + shape.to_string() +
                          " is not 1 and cannot be squeezed");
    }
    if (!named && !(all && shape[axis] == 1)) kept.push_back(shape[axis]);
  }
  context.set_output(0, context.input_type(0), Shape(std::move(kept)));
  return Status::SUCCESS;
}

Status infer_unsqueeze(InferContext& context) {
  MI_TRY(context.expect_inputs(1, 2));
  if (!names_axes(context)) return context.fail("axes are missing");
  const Shape& shape = context.input_shape(0);
  MI_ASSIGN(const Ints stated, context.ints("axes", 1, {}));
  const int rank = shape.rank() + static_cast<int>(stated.size());
  MI_ASSIGN(const auto axes, normalize_axes(context, stated, rank));
  Ints dims;
  auto next = shape.begin();
  for (int axis = 0; axis < rank; ++axis) {
    const bool added = std::find(axes.begin(), axes.end(), axis) != axes.end();
    dims.push_back(added ? 1 : *next++);
  }
  context.set_output(0, context.input_type(0), Shape(std::move(dims)));
  return Status::SUCCESS;
}

constexpr OpDef view_op(std::string_view type, Status (*infer)(InferContext&),
                        InputSet value_inputs = 0) {
  return {.type = type,
          .infer = infer,
          .alias = {{{AliasKind::kView, 0, 0}}},
          .value_inputs = value_inputs};
}

constexpr OpDef kTable[] = {
    view_op("Identity", infer_identity),
    view_op("Reshape", infer_reshape, inputs(1)),
    view_op("Flatten", infer_flatten),
    view_op("Squeeze", infer_squeeze, inputs(1)),
    view_op("Unsqueeze", infer_unsqueeze, inputs(1)),
};

}  // namespace

extern constinit const std::span<const OpDef> kViewOps = kTable;

}  // namespace mini_infer::ops
