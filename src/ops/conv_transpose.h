#pragma once

#include "ops/spatial.h"

namespace mini_infer::ops {

// A transposed convolution with everything resolved: each input element spreads a kernel over the
// output, and padding crops what comes out. NCHW only.
struct ConvTransposeGeometry {
  std::int64_t batch = 0;
  std::int64_t channels = 0;  // of the input
  std::int64_t filters = 0;   // channels of the output
  std::int64_t groups = 1;
  Window window;
  core::Shape output_shape;
};

core::Result<ConvTransposeGeometry> conv_transpose_geometry(const NodeView& view);

}  // namespace mini_infer::ops
