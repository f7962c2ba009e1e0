#pragma once

#include <vector>

#include "core/try.h"
#include "ops/node_view.h"

namespace mini_infer::ops {

// What a reduction goes over, and the shape that is left.
struct Reduction {
  std::vector<bool> reduced;  // per axis of the input
  core::Shape output;
};

// Of a Reduce* node: axes by attribute or by value input 1, keepdims, noop_with_empty_axes.
core::Result<Reduction> reduction_of(const NodeView& view);

// How a reduction walks its input. Axes of one element are gone, neighbours of one kind joined.
struct ReductionPlan {
  struct Axis {
    std::int64_t extent;
    std::int64_t stride;
  };
  std::vector<Axis> kept;     // outermost first, without the lanes
  std::vector<Axis> reduced;  // outermost first
  std::int64_t lanes = 1;     // neighbours in the input that are neighbours in the output
  std::int64_t count = 1;     // elements that become one
  std::int64_t outputs = 1;
};
ReductionPlan plan_reduction(const core::Shape& shape, const ops::Reduction& reduction);

// Of an ArgMax or ArgMin node.
struct ArgReduction {
  int axis;
  bool last;  // of equal elements, the last one's index
  core::Shape output;
};
core::Result<ArgReduction> arg_reduction_of(const NodeView& view);

}  // namespace mini_infer::ops
