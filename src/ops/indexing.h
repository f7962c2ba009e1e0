#pragma once

#include <type_traits>
#include <vector>

#include "core/try.h"
#include "ops/math.h"
#include "ops/node_view.h"

// Operators that are told by an input, while running, where to read or write. A position below 0
// counts from the end; one outside the axis is an error of that run.
namespace mini_infer::ops {

// The axis of a Gather or GatherElements, normalised.
core::Result<int> gather_axis(const NodeView& view);

// How a ScatterND addresses its data: each row of the indices names one position along the first
// `depth` axes, where a slice of `slice` elements lies.
struct ScatterRows {
  int depth;
  std::int64_t rows;
  std::int64_t slice;
};
ScatterRows scatter_rows(const NodeView& view);

enum class ScatterReduction { kNone, kAdd, kMul, kMax, kMin };
core::Result<ScatterReduction> scatter_reduction(const NodeView& view);

// A OneHot node: the output is the shape of the indices with `depth` inserted at `axis`.
struct OneHot {
  int axis;
  std::int64_t depth;
};
core::Result<OneHot> one_hot_of(const NodeView& view);

inline namespace MI_ISA {

// Where an index of a OneHot is, or -1 outside [lowest, depth). Fractions are cut off; NaN is
// nowhere.
template <typename Index>
MI_HD std::int64_t one_hot_place(Index index, std::int64_t lowest, std::int64_t depth) {
  if constexpr (std::is_floating_point_v<Index>) {
    if (!(index > static_cast<Index>(-0x1p62) && index < static_cast<Index>(0x1p62))) return -1;
  } else if constexpr (std::is_unsigned_v<Index>) {
    if (index >= static_cast<std::uint64_t>(depth)) return -1;
  }
  const auto whole = static_cast<std::int64_t>(index);
  if (whole < lowest || whole >= depth) return -1;
  return whole < 0 ? whole + depth : whole;
}

}  // namespace MI_ISA

// A Trilu node. `diagonal` is clamped to [-rows, columns]: beyond, nothing changes.
struct Triangle {
  bool upper;
  std::int64_t diagonal;
};
core::Result<Triangle> triangle_of(const NodeView& view);

// The axis of a CumSum, normalised.
core::Result<int> cum_sum_axis(const NodeView& view);

}  // namespace mini_infer::ops
