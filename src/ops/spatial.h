#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "ops/math.h"
#include "ops/node_view.h"

// Tensors with spatial axes, and windows that slide along them: what Conv, the poolings and the
// channel normalisations share. Inference and every backend's kernels resolve a node through here.
namespace mini_infer::ops {

// Where a tensor keeps its channels: [N, C, spatial...] or [N, spatial..., C].
enum class Layout { kNchw, kNhwc };

// As the string attribute `key` of a node of the optimiser says; kNchw without it.
core::Result<Layout> layout_of(const NodeView& view, std::string_view key = "layout");

// A tensor with spatial axes, taken apart.
struct Image {
  std::int64_t batch = 0;
  std::int64_t channels = 0;
  std::vector<std::int64_t> spatial;

  int rank() const { return static_cast<int>(spatial.size()); }
  core::Shape shape(Layout layout) const;
};

// Input `slot` taken apart; it must have a batch, a channel and at least one spatial axis.
core::Result<Image> image_of(const NodeView& view, int slot, Layout layout);

// A tensor seen as [outer, channels, inner] by its one channel axis. A tensor of rank 1 is a batch
// of one channel.
struct ChannelView {
  std::int64_t outer = 1;
  std::int64_t channels = 1;
  std::int64_t inner = 1;

  bool empty() const { return outer == 0 || channels == 0 || inner == 0; }
};
ChannelView channel_view(const core::Shape& shape, Layout layout);

// Fails unless input `slot` has this shape; `what` names it in the error.
[[nodiscard]] core::Status expect_shape(const NodeView& view, int slot, const char* what,
                                        const core::Shape& expected);
// Fails unless the inputs that are there have the type of input 0.
[[nodiscard]] core::Status expect_one_type(const NodeView& view);

// The kernel extents of the weights (input 1), the last `spatial_rank` axes; they must be what
// kernel_shape says.
core::Result<std::vector<std::int64_t>> kernel_of(const NodeView& view, int spatial_rank);

// A window that slides along one axis, padding resolved. The defaults are an axis of one element.
struct SlidingAxis {
  // Positions of the kernel, [first, last).
  struct Taps {
    std::int64_t first, last;
  };

  std::int64_t input = 1;
  std::int64_t output = 1;
  std::int64_t kernel = 1;
  std::int64_t stride = 1;
  std::int64_t dilation = 1;
  std::int64_t pad_begin = 0;
  std::int64_t pad_end = 0;

  // Where on the input the window of this output begins; negative inside the padding.
  MI_HD std::int64_t origin(std::int64_t at_output) const { return at_output * stride - pad_begin; }
  // The taps of that window that fall on the input.
  MI_HD Taps taps_on_input(std::int64_t at_output) const {
    const std::int64_t begin = origin(at_output);
    const std::int64_t first = taps_below(-begin);
    const std::int64_t last = taps_below(input - begin);
    return {first, last < first ? first : last};
  }
  // How many fall on the input or its padding: with ceil_mode the last window may stick out.
  MI_HD std::int64_t taps_on_padded_input(std::int64_t at_output) const {
    return taps_below(input + pad_end - origin(at_output));
  }
  // In a transposed convolution: the input that this tap spreads to this output, or -1.
  std::int64_t spread_from(std::int64_t at_output, std::int64_t tap) const;

 private:
  // How many are less than `distance` away from the first.
  MI_HD std::int64_t taps_below(std::int64_t distance) const {
    if (distance <= 0) return 0;
    const std::int64_t taps = dilation == 1 ? distance : (distance - 1) / dilation + 1;
    return taps < kernel ? taps : kernel;
  }
};

// Depth, height, width. A tensor with fewer spatial axes uses the last ones.
using Window = std::array<SlidingAxis, 3>;

// The window that the attributes strides, dilations, pads, auto_pad and ceil_mode describe, over
// spatial extents `input` with a kernel of as many axes.
core::Result<Window> sliding_window(const NodeView& view, const std::vector<std::int64_t>& input,
                                    const std::vector<std::int64_t>& kernel);

// The same of a transposed convolution, whose window slides along the output; attributes
// output_padding and output_shape besides.
core::Result<Window> spreading_window(const NodeView& view, const std::vector<std::int64_t>& input,
                                      const std::vector<std::int64_t>& kernel);

// Output extents of the last `rank` axes.
std::vector<std::int64_t> output_extents(const Window& window, int rank);

}  // namespace mini_infer::ops
