#pragma once

#include "ops/spatial.h"

namespace mini_infer::ops {

// A convolution with everything resolved, for inference and kernels alike.
struct ConvGeometry {
  Layout layout = Layout::kNchw;        // of the output and the residual
  Layout input_layout = Layout::kNchw;  // of the input
  std::int64_t batch = 0;
  std::int64_t channels = 0;  // of the input
  std::int64_t filters = 0;   // channels of the output
  std::int64_t groups = 1;
  // Elements from one pixel to the next where the layout is NHWC: channels and filters, unless the
  // plan lays the tensor into another. In NCHW nothing is laid so.
  std::int64_t input_pitch = 0;
  std::int64_t output_pitch = 0;
  Window window;
  core::Shape output_shape;

  std::int64_t channels_per_group() const { return channels / groups; }
  std::int64_t filters_per_group() const { return filters / groups; }
  // Whether the input or the output lies in another tensor.
  bool has_pixels_apart() const { return input_pitch != channels || output_pitch != filters; }
};

// Most elements under one window, of one group, that a convolution with x_layout "NCHW" may have:
// kernels gather them.
inline constexpr std::int64_t kMostGathered = 2048;

// Of Conv and mini_infer.Conv. Fails, naming expected and found, unless all inputs fit.
core::Result<ConvGeometry> conv_geometry(const NodeView& view);

}  // namespace mini_infer::ops
