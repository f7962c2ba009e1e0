#include "ops/indexing.h"

#include <algorithm>
#include <array>

#include "ops/op_def.h"
#include "ops/scalar.h"
#include "ops/shapes.h"

namespace mini_infer::ops {
namespace {

using core::DataType;
using core::Result;
using core::Shape;
using core::Status;

Status expect_index_type(const NodeView& view, int slot) {
  const DataType type = view.input_type(slot);
  if (type == DataType::kInt32 || type == DataType::kInt64) return Status::SUCCESS;
  return view.fail(std::string("indices: expected int32 or int64, found ") + core::type_name(type));
}

Status infer_gather(InferContext& context) {
  MI_TRY(context.expect_inputs(2, 2));
  MI_TRY(expect_index_type(context, 1));
  MI_ASSIGN(const int axis, gather_axis(context));
  const auto& data = context.input_shape(0).dims();
  const auto& indices = context.input_shape(1).dims();
  std::vector<std::int64_t> dims(data.begin(), data.begin() + axis);
  dims.insert(dims.end(), indices.begin(), indices.end());
  dims.insert(dims.end(), data.begin() + axis + 1, data.end());
  context.set_output(0, context.input_type(0), Shape(std::move(dims)));
  return Status::SUCCESS;
}

Status infer_gather_elements(InferContext& context) {
  MI_TRY(context.expect_inputs(2, 2));
  MI_TRY(expect_index_type(context, 1));
  MI_ASSIGN(const int axis, gather_axis(context));
  const Shape& data = context.input_shape(0);
  const Shape& indices = context.input_shape(1);
  bool fits = data.rank() == indices.rank();
  for (int i = 0; fits && i < data.rank(); ++i) fits = i == axis || indices[i] <= data[i];
  if (!fits) {
    return context.fail("indices " + indices.to_string() + " do not fit the data " +
                        data.to_string() + " outside axis " + std::to_string(axis));
  }
  context.set_output(0, context.input_type(0), indices);
  return Status::SUCCESS;
}

// The shape that the updates of a ScatterND must have.
Result<Shape> updates_shape(const NodeView& view) {
  const Shape& data = view.input_shape(0);
  const Shape& indices = view.input_shape(1);
  if (data.rank() == 0 || indices.rank() == 0) {
    return view.fail("data " + data.to_string() + " and indices " + indices.to_string() +
                     " need at least one axis each");
  }
  const std::int64_t depth = indices[indices.rank() - 1];
  if (depth > data.rank()) {
    return view.fail("indices " + indices.to_string() + " name " + std::to_string(depth) +
                     " axes of the data " + data.to_string());
  }
  std::vector<std::int64_t> dims(indices.begin(), indices.end() - 1);
  dims.insert(dims.end(), data.begin() + depth, data.end());
  return Shape(std::move(dims));
}

Status infer_scatter_nd(InferContext& context) {
  MI_TRY(context.expect_inputs(3, 3));
  if (context.input_type(1) != DataType::kInt64) {
    return context.fail(std::string("indices: expected int64, found ") +
                        core::type_name(context.input_type(1)));
  }
  if (context.input_type(2) != context.input_type(0)) {
    return context.fail(std::string("updates: expected ") + core::type_name(context.input_type(0)) +
                        ", found " + core::type_name(context.input_type(2)));
  }
  MI_TRY(scatter_reduction(context).status());
  MI_ASSIGN(const Shape expected, updates_shape(context));
  if (context.input_shape(2) != expected) {
    return context.fail("updates: expected shape " + expected.to_string() + ", found " +
                        context.input_shape(2).to_string());
  }
  return infer_same_as_first(context);
}

Status infer_one_hot(InferContext& context) {
  MI_TRY(context.expect_inputs(3, 3));
  if (context.input_shape(2) != Shape{2}) {
    return context.fail("values: expected [off, on], found shape " +
                        context.input_shape(2).to_string());
  }
  MI_ASSIGN(const OneHot one_hot, one_hot_of(context));
  std::vector<std::int64_t> dims = context.input_shape(0).dims();
  dims.insert(dims.begin() + one_hot.axis, one_hot.depth);
  context.set_output(0, context.input_type(2), Shape(std::move(dims)));
  return Status::SUCCESS;
}

Status infer_trilu(InferContext& context) {
  MI_TRY(context.expect_inputs(1, 2));
  MI_TRY(triangle_of(context).status());
  return infer_same_as_first(context);
}

Status infer_cum_sum(InferContext& context) {
  MI_TRY(context.expect_inputs(2, 2));
  MI_TRY(cum_sum_axis(context).status());
  return infer_same_as_first(context);
}

constexpr std::array<Alias, 4> kInPlace = {{{AliasKind::kOverwrite, 0, 0}}};

constexpr OpDef kTable[] = {
    {.type = "Gather", .infer = infer_gather},
    {.type = "GatherElements", .since = 11, .infer = infer_gather_elements},
    {.type = "ScatterND", .since = 11, .infer = infer_scatter_nd, .alias = kInPlace},
    {.type = "OneHot", .since = 9, .infer = infer_one_hot, .value_inputs = inputs(1)},
    {.type = "Trilu",
     .since = 14,
     .infer = infer_trilu,
     .alias = kInPlace,
     .elementwise = true,
     .value_inputs = inputs(1)},
    {.type = "CumSum",
     .since = 11,
     .infer = infer_cum_sum,
     .alias = kInPlace,
     .value_inputs = inputs(1)},
};

}  // namespace

extern constinit const std::span<const OpDef> kIndexingOps = kTable;

Result<int> gather_axis(const NodeView& view) {
  return normalize_axis(view, view.node().get_int("axis", 0), view.input_shape(0).rank());
}

ScatterRows scatter_rows(const NodeView& view) {
  const Shape& data = view.input_shape(0);
  const Shape& indices = view.input_shape(1);
  const int last = indices.rank() - 1;
  const int depth = static_cast<int>(indices[last]);
  return {depth, indices.elements(0, last), data.elements(depth, data.rank())};
}

Result<ScatterReduction> scatter_reduction(const NodeView& view) {
  constexpr std::array<std::string_view, 5> kNames = {"none", "add", "mul", "max", "min"};
  const std::string stated = view.node().get_string("reduction", "none");
  const auto* name = std::find(kNames.begin(), kNames.end(), stated);
  if (name == kNames.end()) {
    return view.fail("reduction: expected none, add, mul, max or min, found '" + stated + "'");
  }
  return static_cast<ScatterReduction>(name - kNames.begin());
}

Result<OneHot> one_hot_of(const NodeView& view) {
  const int rank = view.input_shape(0).rank() + 1;
  MI_ASSIGN(const int axis, normalize_axis(view, view.node().get_int("axis", -1), rank));
  MI_ASSIGN(const std::int64_t depth, whole_scalar(view, 1));
  return OneHot{axis, depth};
}

Result<Triangle> triangle_of(const NodeView& view) {
  const Shape& shape = view.input_shape(0);
  if (shape.rank() < 2) return view.fail("expected matrices, found shape " + shape.to_string());
  std::int64_t diagonal = 0;
  if (view.has_input(1)) {
    MI_ASSIGN(diagonal, whole_scalar(view, 1));
  }
  diagonal = std::clamp(diagonal, -shape[shape.rank() - 2], shape[shape.rank() - 1]);
  return Triangle{view.node().get_int("upper", 1) != 0, diagonal};
}

Result<int> cum_sum_axis(const NodeView& view) {
  MI_ASSIGN(const std::int64_t axis, whole_scalar(view, 1));
  return normalize_axis(view, axis, view.input_shape(0).rank());
}

}  // namespace mini_infer::ops
