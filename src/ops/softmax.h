#pragma once

#include "ops/node_view.h"

namespace mini_infer::ops {

// The input seen as [outer, extent, inner]: each softmax runs over `extent` elements.
struct SoftmaxGeometry {
  std::int64_t outer = 1;
  std::int64_t extent = 1;
  std::int64_t inner = 1;
};

// Of Softmax and LogSoftmax. Before opset 13 everything from `axis` on is one row.
core::Result<SoftmaxGeometry> softmax_geometry(const NodeView& view);

}  // namespace mini_infer::ops
