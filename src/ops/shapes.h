#pragma once

#include <vector>

#include "ops/node_view.h"

// Rules of the standard that many operators share.
namespace mini_infer::ops {

// Multidirectional broadcasting: shapes aligned at the last axis, extents equal or 1.
// nullopt when they do not fit.
std::optional<core::Shape> broadcast(const core::Shape& a, const core::Shape& b);

// `axis` from [-rank, rank) to [0, rank).
core::Result<int> normalize_axis(const NodeView& view, std::int64_t axis, int rank);

// Each axis normalised; duplicates are refused.
core::Result<std::vector<int>> normalize_axes(const NodeView& view,
                                              const std::vector<std::int64_t>& axes, int rank);

// Elements of a row, a run along the last axis; 1 of a scalar.
inline std::int64_t last_extent(const core::Shape& shape) {
  return shape.rank() == 0 ? 1 : shape[shape.rank() - 1];
}

// Elements to skip per index of each axis in a dense row-major tensor.
std::vector<std::int64_t> strides_of(const core::Shape& shape);

// strides_of(shape), aligned at the last axis of `to`, with 0 where `shape` is broadcast.
std::vector<std::int64_t> broadcast_strides(const core::Shape& shape, const core::Shape& to);

// Inference of families. Output 0 takes type and shape of input 0.
[[nodiscard]] core::Status infer_same_as_first(InferContext& context);
// Any number of inputs of one type.
[[nodiscard]] core::Status infer_broadcast(InferContext& context);

}  // namespace mini_infer::ops
