#pragma once

#include <vector>

#include "core/try.h"
#include "ops/node_view.h"

namespace mini_infer::ops {

// How a Split cuts its input: one extent along `axis` per output slot, together the whole axis.
struct SplitParts {
  int axis;
  std::vector<std::int64_t> extents;
};

// From the attribute `split` (before opset 13), the value input 1, `num_outputs` (opset 18), or
// else equal parts.
core::Result<SplitParts> split_parts(const NodeView& view);

}  // namespace mini_infer::ops
