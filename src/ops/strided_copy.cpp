#include "ops/strided_copy.h"

namespace mini_infer::ops {

StridedCopy strided_copy(const core::Shape& extents, const std::vector<std::int64_t>& from,
                         const std::vector<std::int64_t>& to) {
  StridedCopy copy;
  for (std::size_t axis = 0; axis < from.size(); ++axis) {
    copy.axes.push_back({extents.dims()[axis], from[axis], to[axis]});
  }
  return copy;
}

StridedCopy collapse(const StridedCopy& copy) {
  StridedCopy collapsed{.axes = {}, .from_start = copy.from_start, .to_start = copy.to_start};
  for (const StridedCopy::Axis& axis : copy.axes) {
    if (axis.extent == 1) continue;
    if (!collapsed.axes.empty()) {
      StridedCopy::Axis& outer = collapsed.axes.back();
      if (outer.from == axis.extent * axis.from && outer.to == axis.extent * axis.to) {
        outer = {outer.extent * axis.extent, axis.from, axis.to};
        continue;
      }
    }
    collapsed.axes.push_back(axis);
  }
  return collapsed;
}

bool keeps_order(const StridedCopy& copy, std::int64_t elements) {
  if (copy.from_start != 0 || copy.to_start != 0) return false;
  if (copy.axes.empty()) return elements == 1;
  const StridedCopy::Axis& only = copy.axes.front();
  return copy.axes.size() == 1 && only.extent == elements && only.from == 1 && only.to == 1;
}

}  // namespace mini_infer::ops
