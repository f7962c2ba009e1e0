#pragma once

#include <cstdint>
#include <vector>

#include "core/try.h"
#include "ops/math.h"
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

inline namespace MI_ISA {

MI_HD inline double range_element(double start, double delta, std::int64_t index) {
  return start + static_cast<double>(index) * delta;
}

// The element is between start and limit, but index * delta may not be: unsigned numbers wrap.
MI_HD inline std::int64_t range_element(std::int64_t start, std::int64_t delta,
                                        std::int64_t index) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(start) +
                                   static_cast<std::uint64_t>(index) *
                                       static_cast<std::uint64_t>(delta));
}

}  // namespace MI_ISA

// The one-element tensor that a ConstantOfShape node repeats.
core::Result<core::Tensor> repeated_value(const NodeView& view);

// The type an EyeLike node yields.
core::DataType eye_type(const NodeView& view);

// The bits of the number 1 of that type; 0 for a type that EyeLike does not have.
std::uint64_t bits_of_one(core::DataType type);

}  // namespace mini_infer::ops
