#pragma once

#include <optional>
#include <vector>

#include "ops/node_view.h"

namespace mini_infer::ops {

// The input of mini_infer.LayerNormalization and .RMSNormalization that is added to input 0 before
// it is normalised. Their output 1 is the sum.
inline constexpr int kNormalizationResidual = 3;

// A parameter that is broadcast to the input.
struct BroadcastParameter {
  core::Shape to;
  std::vector<std::int64_t> strides;  // per axis of `to`
  bool per_row = false;               // one number per element of a row, the same for every row

  // Where the number for an element of the input lies.
  std::int64_t offset(std::int64_t element) const;
};

// The input seen as rows of `extent` neighbours, each of which is normalised alone.
struct LayerNormalizationGeometry {
  std::int64_t rows = 1;
  std::int64_t extent = 1;
  BroadcastParameter scale = {};
  BroadcastParameter bias = {};
  core::Shape statistics = {};  // the shape of Mean and InvStdDev
  std::int64_t residual_rows = 0;
};

// The rows of a residual that is the input's shape, or is repeated along its first axes; nullopt
// when it is neither. Rows are what lies from `axis` on.
std::optional<std::int64_t> residual_rows(const core::Shape& residual, const core::Shape& input,
                                          int axis);

// Of LayerNormalization and RMSNormalization.
core::Result<LayerNormalizationGeometry> layer_normalization_geometry(const NodeView& view);

}  // namespace mini_infer::ops
