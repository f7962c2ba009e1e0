#pragma once

#include <vector>

#include "core/try.h"
#include "ops/node_view.h"

namespace mini_infer::ops {

// What a Slice keeps of each axis of its input: `extents[a]` elements from `starts[a]` on,
// `steps[a]` apart. Every element named is inside the input; an axis of fewer than two has step 1.
struct SliceWindow {
  std::vector<std::int64_t> starts;
  std::vector<std::int64_t> steps;
  core::Shape extents;
};

// From the attributes (before opset 10) or the value inputs 1 to 4.
core::Result<SliceWindow> slice_window(const NodeView& view);

}  // namespace mini_infer::ops
