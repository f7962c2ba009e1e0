#pragma once

#include "cuda/steps.h"
#include "ops/node_view.h"

namespace mini_infer::cuda {

// Products of one form whose operands lie along a few axes. Plain values, for kernels.
struct Stack {
  static constexpr int kMaxAxes = 8;
  // In elements, of one product; or from one to the next along an axis.
  struct Offsets {
    std::int64_t left = 0;
    std::int64_t right = 0;
    std::int64_t y = 0;
    std::int64_t bias = 0;
  };

  int axes = 0;
  std::int64_t count = 1;
  std::int64_t extents[kMaxAxes] = {};  // innermost first
  Offsets steps[kMaxAxes] = {};

  // Adds an axis outside of those that are there, of them if it goes on as the outermost does.
  // Whether there was room.
  bool add(std::int64_t extent, const Offsets& step) {
    count *= extent;
    if (extent == 1) return true;
    if (axes > 0 && continues(step)) {
      extents[axes - 1] *= extent;
      return true;
    }
    if (axes == kMaxAxes) return false;
    extents[axes] = extent;
    steps[axes++] = step;
    return true;
  }

  __device__ Offsets at(std::int64_t product) const {
    Offsets offsets;
    for (int axis = 0; axis < axes; ++axis) {
      const std::int64_t index = product % extents[axis];
      product /= extents[axis];
      offsets.left += index * steps[axis].left;
      offsets.right += index * steps[axis].right;
      offsets.y += index * steps[axis].y;
      offsets.bias += index * steps[axis].bias;
    }
    return offsets;
  }

 private:
  bool continues(const Offsets& step) const {
    const Offsets& inner = steps[axes - 1];
    const std::int64_t extent = extents[axes - 1];
    return step.left == inner.left * extent && step.right == inner.right * extent &&
           step.y == inner.y * extent && step.bias == inner.bias * extent;
  }
};

[[nodiscard]] inline core::Status too_many_axes(const ops::NodeView& view) {
  return view.unsupported("a stack of products along more than " + std::to_string(Stack::kMaxAxes) +
                          " axes");
}

// Whether a kernel may count so many things in 31 bits.
inline bool is_countable(std::int64_t count) { return count < INT32_MAX / 2; }
[[nodiscard]] inline core::Status too_large(const ops::NodeView& view) {
  return view.unsupported("a product of more than " + std::to_string(INT32_MAX / 2) +
                          " rows, columns or elements a row");
}

}  // namespace mini_infer::cuda
