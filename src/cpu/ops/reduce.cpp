#include "cpu/ops/reduce.h"

#include "ops/shapes.h"

namespace mini_infer::cpu {

ReductionPlan plan_reduction(const core::Shape& shape, const ops::Reduction& reduction) {
  ReductionPlan plan;
  plan.outputs = reduction.output.elements();
  const std::vector<std::int64_t> strides = ops::strides_of(shape);
  bool last_reduced = true;
  bool first = true;
  for (std::size_t axis = 0; axis < strides.size(); ++axis) {
    const std::int64_t extent = shape.dims()[axis];
    const bool reduced = reduction.reduced[axis];
    if (reduced) plan.count *= extent;
    if (extent == 1) continue;
    auto& axes = reduced ? plan.reduced : plan.kept;
    if (!first && reduced == last_reduced) {
      axes.back() = {axes.back().extent * extent, strides[axis]};
    } else {
      axes.push_back({extent, strides[axis]});
    }
    last_reduced = reduced;
    first = false;
  }
  if (!last_reduced) {
    plan.lanes = plan.kept.back().extent;
    plan.kept.pop_back();
  }
  return plan;
}

void Walk::next() {
  for (std::size_t axis = axes_.size(); axis-- > 0;) {
    offset_ += axes_[axis].stride;
    if (++index_[axis] < axes_[axis].extent) return;
    offset_ -= axes_[axis].extent * axes_[axis].stride;
    index_[axis] = 0;
  }
  done_ = true;
}

}  // namespace mini_infer::cpu
