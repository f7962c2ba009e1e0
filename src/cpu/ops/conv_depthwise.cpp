#include <algorithm>

#include "cpu/ops/conv.h"

namespace mini_infer::cpu {
namespace {

using ops::ConvGeometry;
using ops::SlidingAxis;

constexpr int kBlock = 16;  // channels whose sums stay in registers

// The window of one output pixel, cut to what lies on the input.
struct PixelWindow {
  const ConvGeometry& geometry;
  SlidingAxis::Taps depth, height, width;
  std::int64_t from_depth, from_height, from_width;  // origins on the input
};

template <int kChannels>
void sum_channels(const PixelWindow& window, const float* x, const float* w, float* sums) {
  const auto& [depth, height, width] = window.geometry.window;
  const std::int64_t channels = window.geometry.channels;
  float local[kChannels] = {};
  for (std::int64_t d = window.depth.first; d < window.depth.last; ++d) {
    const std::int64_t plane = window.from_depth + d * depth.dilation;
    for (std::int64_t h = window.height.first; h < window.height.last; ++h) {
      const std::int64_t row = plane * height.input + window.from_height + h * height.dilation;
      for (std::int64_t k = window.width.first; k < window.width.last; ++k) {
        const std::int64_t pixel = row * width.input + window.from_width + k * width.dilation;
        const std::int64_t tap = (d * height.kernel + h) * width.kernel + k;
        for (int c = 0; c < kChannels; ++c) {
          local[c] += x[pixel * channels + c] * w[tap * channels + c];
        }
      }
    }
  }
  std::copy_n(local, kChannels, sums);
}

void convolve_pixel(const PixelWindow& window, const Epilogue& epilogue, const ConvTensors& tensors,
                    const float* x, std::int64_t at) {
  const std::int64_t channels = window.geometry.channels;
  for (std::int64_t c = 0; c < channels; c += kBlock) {
    const std::int64_t count = std::min<std::int64_t>(kBlock, channels - c);
    float sums[kBlock];
    if (count == kBlock) {
      sum_channels<kBlock>(window, x + c, tensors.w + c, sums);
    } else {
      for (std::int64_t i = 0; i < count; ++i) {
        sum_channels<1>(window, x + c + i, tensors.w + c + i, sums + i);
      }
    }
    epilogue.store(sums, count, advance(tensors.bias, c), 1, advance(tensors.residual, at + c),
                   tensors.y + at + c);
  }
}

}  // namespace

void conv_depthwise_nhwc(const ConvGeometry& geometry, const Epilogue& epilogue,
                         const ConvTensors& tensors) {
  const auto& [depth, height, width] = geometry.window;
  const std::int64_t image_step = depth.input * height.input * width.input * geometry.channels;
  std::int64_t at = 0;
  for (std::int64_t image = 0; image < geometry.batch; ++image) {
    const float* x = tensors.x + image * image_step;
    for (std::int64_t d = 0; d < depth.output; ++d) {
      for (std::int64_t h = 0; h < height.output; ++h) {
        for (std::int64_t k = 0; k < width.output; ++k, at += geometry.channels) {
          convolve_pixel(
              {geometry, depth.taps_on_input(d), height.taps_on_input(h), width.taps_on_input(k),
               depth.origin(d), height.origin(h), width.origin(k)},
              epilogue, tensors, x, at);
        }
      }
    }
  }
}

}  // namespace mini_infer::cpu
