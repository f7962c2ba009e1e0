#pragma once

#include "ops/spatial.h"

namespace mini_infer::ops {

// A pooling with everything resolved: the input is [outer, depth, height, width, inner] and each
// output is made of one window of it. NCHW: outer is N * C, inner 1; NHWC: outer is N, inner C.
struct PoolGeometry {
  std::int64_t outer = 0;
  std::int64_t inner = 1;
  // Elements from one pixel to the next.
  std::int64_t input_pitch = 1;
  std::int64_t output_pitch = 1;
  Window window;
  core::Shape output_shape;
};

// Of MaxPool, AveragePool and LpPool; of the global poolings, whose window is the whole image.
core::Result<PoolGeometry> pool_geometry(const NodeView& view);

}  // namespace mini_infer::ops
