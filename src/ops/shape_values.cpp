#include "ops/shape_values.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "ops/op_def.h"
#include "ops/shapes.h"

namespace mini_infer::ops {
namespace {

using core::DataType;
using core::Result;
using core::Shape;
using core::Status;

Status infer_shape(InferContext& context) {
  MI_TRY(context.expect_inputs(1, 1));
  const auto rank = static_cast<std::int64_t>(shape_extents(context).size());
  context.set_output(0, DataType::kInt64, {rank});
  return Status::SUCCESS;
}

Status infer_size(InferContext& context) {
  MI_TRY(context.expect_inputs(1, 1));
  context.set_output(0, DataType::kInt64, {});
  return Status::SUCCESS;
}

Status infer_constant_of_shape(InferContext& context) {
  MI_TRY(context.expect_inputs(1, 1));
  MI_ASSIGN(const core::Tensor value, repeated_value(context));
  MI_ASSIGN(auto dims, context.ints(0));
  context.set_output(0, value.type(), Shape(std::move(dims)));
  return Status::SUCCESS;
}

Status infer_range(InferContext& context) {
  MI_TRY(context.expect_inputs(3, 3));
  for (int slot = 1; slot < 3; ++slot) {
    if (context.input_type(slot) != context.input_type(0)) {
      return context.fail(std::string("start, limit and delta differ in type: ") +
                          core::type_name(context.input_type(0)) + " and " +
                          core::type_name(context.input_type(slot)));
    }
  }
  MI_ASSIGN(const RangeValues range, range_values(context));
  context.set_output(0, context.input_type(0), {range.count});
  return Status::SUCCESS;
}

Status infer_eye_like(InferContext& context) {
  MI_TRY(context.expect_inputs(1, 1));
  const Shape& shape = context.input_shape(0);
  if (shape.rank() != 2) return context.fail("expected a matrix, found " + shape.to_string());
  context.set_output(0, eye_type(context), shape);
  return Status::SUCCESS;
}

std::int64_t steps_between(std::int64_t start, std::int64_t limit, std::int64_t delta) {
  // Distances of two int64 fit uint64; a count that fits no int64 is refused as a shape.
  const auto from = static_cast<std::uint64_t>(start);
  const auto to = static_cast<std::uint64_t>(limit);
  if (delta > 0 ? start >= limit : start <= limit) return 0;
  const std::uint64_t distance = delta > 0 ? to - from : from - to;
  const std::uint64_t pace =
      delta > 0 ? static_cast<std::uint64_t>(delta) : 0 - static_cast<std::uint64_t>(delta);
  return static_cast<std::int64_t>(1 + (distance - 1) / pace);
}

constexpr OpDef kTable[] = {
    {.type = "Shape", .infer = infer_shape, .shape_inputs = inputs(0)},
    {.type = "Size", .infer = infer_size, .shape_inputs = inputs(0)},
    {.type = "ConstantOfShape",
     .since = 9,
     .infer = infer_constant_of_shape,
     .value_inputs = inputs(0)},
    {.type = "Range", .since = 11, .infer = infer_range, .value_inputs = inputs(0, 1, 2)},
    {.type = "EyeLike", .since = 9, .infer = infer_eye_like, .shape_inputs = inputs(0)},
};

}  // namespace

extern constinit const std::span<const OpDef> kShapeValueOps = kTable;

std::vector<std::int64_t> shape_extents(const NodeView& view) {
  const Shape& shape = view.input_shape(0);
  const std::int64_t rank = shape.rank();
  auto clamped = [rank](std::int64_t axis) {
    return std::clamp<std::int64_t>(axis < 0 ? axis + rank : axis, 0, rank);
  };
  const std::int64_t start = clamped(view.node().get_int("start", 0));
  const std::int64_t end = std::max(start, clamped(view.node().get_int("end", rank)));
  return {shape.begin() + start, shape.begin() + end};
}

Result<RangeValues> range_values(const NodeView& view) {
  MI_ASSIGN(const Scalar start, scalar(view, 0));
  MI_ASSIGN(const Scalar limit, scalar(view, 1));
  MI_ASSIGN(const Scalar delta, scalar(view, 2));
  if (std::visit([](auto step) { return step == 0; }, delta)) return view.fail("delta is 0");
  if (const auto* step = std::get_if<std::int64_t>(&delta)) {
    const auto count =
        steps_between(std::get<std::int64_t>(start), std::get<std::int64_t>(limit), *step);
    return RangeValues{start, delta, count};
  }
  const double count =
      std::ceil((std::get<double>(limit) - std::get<double>(start)) / std::get<double>(delta));
  constexpr double kLimit = 0x1p62;
  if (!(count < kLimit)) {
    return view.fail("it has no end: start " + std::to_string(std::get<double>(start)) +
                     ", limit " + std::to_string(std::get<double>(limit)) + ", delta " +
                     std::to_string(std::get<double>(delta)));
  }
  return RangeValues{start, delta, static_cast<std::int64_t>(std::max(count, 0.0))};
}

Result<core::Tensor> repeated_value(const NodeView& view) {
  const auto* value = view.node().find<core::Tensor>("value");
  if (value == nullptr) return core::Tensor::allocate(DataType::kFloat32, {});
  if (value->elements() != 1) {
    return view.fail("value: expected one element, found " + value->shape().to_string());
  }
  return *value;
}

DataType eye_type(const NodeView& view) {
  const std::int64_t stated = view.node().get_int("dtype", 0);
  return stated == 0 ? view.input_type(0) : static_cast<DataType>(stated);
}

std::uint64_t bits_of_one(DataType type) {
  switch (type) {
    case DataType::kFloat32:
      return 0x3F800000;
    case DataType::kFloat64:
      return 0x3FF0000000000000;
    case DataType::kFloat16:
      return 0x3C00;
    case DataType::kBFloat16:
      return 0x3F80;
    case DataType::kBool:
      return 1;
    default:
      return core::is_integer(type) ? 1 : 0;
  }
}

}  // namespace mini_infer::ops
