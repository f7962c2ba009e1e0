#pragma once

#include "ops/spatial.h"

namespace mini_infer::cuda {

// A window that slides along an axis of an image, in numbers of 31 bits.
struct PlaneAxis {
  int input = 1, output = 1, kernel = 1, stride = 1, dilation = 1, pad = 0;

  static PlaneAxis of(const ops::SlidingAxis& axis) {
    return {static_cast<int>(axis.input),    static_cast<int>(axis.output),
            static_cast<int>(axis.kernel),   static_cast<int>(axis.stride),
            static_cast<int>(axis.dilation), static_cast<int>(axis.pad_begin)};
  }
  // Of the input, outside it too.
  __device__ int place(int at_output, int tap) const {
    return at_output * stride + tap * dilation - pad;
  }
  __device__ bool holds(int place) const { return place >= 0 && place < input; }
};

// Whether the window slides along height and width alone.
inline bool is_plane(const ops::Window& window) {
  return window[0].input == 1 && window[0].output == 1 && window[0].kernel == 1;
}

}  // namespace mini_infer::cuda
