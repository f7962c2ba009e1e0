#pragma once

#include <array>
#include <cstddef>
#include <vector>

#include "ops/math.h"
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

  MI_HD std::int64_t output() const { return before + kept + after; }
};

struct PadGeometry {
  PadMode mode = PadMode::kConstant;
  std::vector<PadAxis> axes;
};

core::Result<PadGeometry> pad_geometry(const NodeView& view);

// The bytes of the element that is padded with, unless an input tells it (slot 2, since opset 11).
core::Result<std::array<std::byte, 16>> stated_padding(const NodeView& view);

inline namespace MI_ISA {

// Which kept element stands at `position` of the padded axis; -1 for the constant.
MI_HD inline std::int64_t padding_source(PadMode mode, const PadAxis& axis, std::int64_t position) {
  const std::int64_t at = position - axis.before;
  const std::int64_t last = axis.kept - 1;
  if (at >= 0 && at <= last) return at;
  switch (mode) {
    case PadMode::kConstant:
      return -1;
    case PadMode::kEdge:
      return at < 0 ? 0 : last;
    case PadMode::kWrap:
      return (at % axis.kept + axis.kept) % axis.kept;
    case PadMode::kReflect: {
      if (last == 0) return 0;
      const std::int64_t period = 2 * last;
      const std::int64_t phase = (at % period + period) % period;
      return phase > last ? period - phase : phase;
    }
  }
  return -1;
}

}  // namespace MI_ISA

}  // namespace mini_infer::ops
