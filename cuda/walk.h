#pragma once

#include <cuda_runtime.h>

#include <array>
#include <cstdint>

#include "ops/broadcast.h"

namespace mini_infer::cuda {

// Where the inputs of a node are for each element of its first output, broadcast. Plain values, for
// kernels.
template <int kInputs>
struct Walk {
  static constexpr int kMaxAxes = 9;
  struct Offsets {
    std::int64_t of[kInputs];
  };

  int axes = 0;
  std::int64_t count = 0;
  std::int64_t extents[kMaxAxes];           // innermost first
  std::int64_t strides[kInputs][kMaxAxes];  // in elements

  static core::Result<Walk> of(const ops::NodeView& view) {
    Walk walk{};
    walk.count = view.output_shape(0).elements();
    if (walk.count == 0) return walk;
    const std::vector<ops::BroadcastAxis> axes = ops::broadcast_axes(view);
    if (axes.size() > kMaxAxes) {
      return view.unsupported("broadcasting over " + std::to_string(axes.size()) +
                              " axes that cannot be merged (more than " + std::to_string(kMaxAxes) +
                              ")");
    }
    walk.axes = static_cast<int>(axes.size());
    for (std::size_t axis = 0; axis < axes.size(); ++axis) {
      walk.extents[axis] = axes[axis].extent;
      for (std::size_t i = 0; i < kInputs && i < axes[axis].strides.size(); ++i) {
        walk.strides[i][axis] = axes[axis].strides[i];
      }
    }
    return walk;
  }

  // Whether input i lies as the output does, or is one element.
  bool dense(int input) const { return axes == 0 || (axes == 1 && strides[input][0] == 1); }
  bool single(int input) const { return axes == 0 || (axes == 1 && strides[input][0] == 0); }

  __device__ Offsets at(std::int64_t element) const {
    Offsets offsets{};
    auto rest = static_cast<std::uint64_t>(element);
    for (int axis = 0; axis < axes; ++axis) {
      const auto extent = static_cast<std::uint64_t>(extents[axis]);
      // Most tensors fit 32 bits, and a division takes a fraction of the time there.
      std::uint64_t next;
      if (rest >> 32 == 0 && extent >> 32 == 0) {
        next = static_cast<std::uint32_t>(rest) / static_cast<std::uint32_t>(extent);
      } else {
        next = rest / extent;
      }
      const auto index = static_cast<std::int64_t>(rest - next * extent);
      for (int i = 0; i < kInputs; ++i) offsets.of[i] += index * strides[i][axis];
      rest = next;
    }
    return offsets;
  }
};

}  // namespace mini_infer::cuda
