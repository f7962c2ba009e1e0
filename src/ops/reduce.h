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

// Of an ArgMax or ArgMin node.
struct ArgReduction {
  int axis;
  bool last;  // of equal elements, the last one's index
  core::Shape output;
};
core::Result<ArgReduction> arg_reduction_of(const NodeView& view);

}  // namespace mini_infer::ops
