#pragma once

#include <vector>

#include "ops/node_view.h"

namespace mini_infer::ops {

enum class PadMode { kConstant, kReflect, kEdge, kWrap };

// What happens to one axis: first it is cropped to `kept` elements from `skipped` on, then `before`
// and `after` elements are added.
struct PadAxis {
  std::int64_t skipped = 0;
  std::int64_t kept = 0;
  std::int64_t before = 0;
  std::int64_t after = 0;

  std::int64_t output() const { return before + kept + after; }
};

struct PadGeometry {
  PadMode mode = PadMode::kConstant;
  std::vector<PadAxis> axes;
};

core::Result<PadGeometry> pad_geometry(const NodeView& view);

}  // namespace mini_infer::ops
