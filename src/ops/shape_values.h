#pragma once

#include <cstdint>
#include <vector>

#include "core/try.h"
#include "ops/node_view.h"
#include "ops/scalar.h"

// Operators whose output is a matter of shapes and of values known before planning.
namespace mini_infer::ops {

// The extents a Shape node yields: those of axes [start, end), both clamped.
std::vector<std::int64_t> shape_extents(const NodeView& view);

// The numbers of a Range node: start + i * delta for i < count. Of the alternative its inputs have.
struct RangeValues {
  Scalar start;
  Scalar delta;
  std::int64_t count;
};
core::Result<RangeValues> range_values(const NodeView& view);

// The one-element tensor that a ConstantOfShape node repeats.
core::Result<core::Tensor> repeated_value(const NodeView& view);

// The type an EyeLike node yields.
core::DataType eye_type(const NodeView& view);

}  // namespace mini_infer::ops
