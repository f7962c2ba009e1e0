#pragma once

#include <cuda_runtime.h>

#include <array>
#include <cstdint>

#include "cuda/pack.h"
#include "cuda/place.h"
#include "ops/broadcast.h"
#include "ops/strided_copy.h"

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
    MI_TRY(check_axes(view, axes.size()));
    walk.axes = static_cast<int>(axes.size());
    for (std::size_t axis = 0; axis < axes.size(); ++axis) {
      walk.extents[axis] = axes[axis].extent;
      for (std::size_t i = 0; i < kInputs && i < axes[axis].strides.size(); ++i) {
        walk.strides[i][axis] = axes[axis].strides[i];
      }
    }
    return walk;
  }

  // A collapsed copy seen as two inputs: where its elements come from, and where they go.
  static core::Result<Walk> of(const ops::NodeView& view, const ops::StridedCopy& copy) {
    MI_TRY(check_axes(view, copy.axes.size()));
    Walk walk{};
    walk.count = 1;
    for (auto axis = copy.axes.rbegin(); axis != copy.axes.rend(); ++axis) {
      walk.extents[walk.axes] = axis->extent;
      walk.strides[0][walk.axes] = axis->from;
      if constexpr (kInputs > 1) walk.strides[1][walk.axes] = axis->to;
      walk.count *= axis->extent;
      ++walk.axes;
    }
    return walk;
  }

  // Whether input i lies as the output does, or is one element.
  bool dense(int input) const { return axes == 0 || (axes == 1 && strides[input][0] == 1); }
  bool single(int input) const { return axes == 0 || (axes == 1 && strides[input][0] == 0); }

  // Whether so many neighbours of the output are neighbours in each input too, or one element. Then
  // all are at multiples of that.
  bool packs(int elements) const {
    if (axes == 0 || extents[0] % elements != 0) return false;
    for (const auto& of_input : strides) {
      if (of_input[0] != 0 && of_input[0] != 1) return false;
      for (int axis = 1; axis < axes && of_input[0] == 1; ++axis) {
        if (of_input[axis] % elements != 0) return false;
      }
    }
    return true;
  }

  // The neighbours of input i from an offset on, where packs(kElements); any one element.
  template <int kElements, typename T>
  __device__ Pack<T, kElements> load(int input, const T* from, const Offsets& offsets) const {
    const T* first = from + offsets.of[input];
    return strides[input][0] == 0 ? repeat<T, kElements>(*first) : load_pack<T, kElements>(first);
  }

  __device__ Offsets at(std::int64_t element) const {
    Offsets offsets{};
    auto rest = static_cast<std::uint64_t>(element);
    for (int axis = 0; axis < axes; ++axis) {
      const std::int64_t index = take_axis(rest, extents[axis]);
      for (int i = 0; i < kInputs; ++i) offsets.of[i] += index * strides[i][axis];
    }
    return offsets;
  }

 private:
  [[nodiscard]] static core::Status check_axes(const ops::NodeView& view, std::size_t axes) {
    if (axes <= kMaxAxes) return core::Status::SUCCESS;
    return view.unsupported(std::to_string(axes) + " axes that cannot be merged (more than " +
                            std::to_string(kMaxAxes) + ")");
  }
};

}  // namespace mini_infer::cuda
