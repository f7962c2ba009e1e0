#include <cstring>

#include "cpu/ops/conv.h"
#include "cpu/ops/share_rows.h"

namespace mini_infer::cpu {
namespace {

using ops::ConvGeometry;
using ops::SlidingAxis;

DepthwiseRow::Width width_of(const SlidingAxis& axis) {
  return {.input = axis.input,
          .output = axis.output,
          .kernel = axis.kernel,
          .stride = axis.stride,
          .dilation = axis.dilation,
          .pad_begin = axis.pad_begin};
}

// A row of outputs: its number counts images, depths and heights in memory order.
DepthwiseRow row_at(const ConvGeometry& geometry, const ConvTensors& tensors, std::int64_t number) {
  const auto& [depth, height, width] = geometry.window;
  const std::int64_t at_height = number % height.output;
  const std::int64_t at_depth = number / height.output % depth.output;
  const std::int64_t image = number / (height.output * depth.output);
  const SlidingAxis::Taps depths = depth.taps_on_input(at_depth);
  const SlidingAxis::Taps heights = height.taps_on_input(at_height);
  const std::int64_t from_depth = depth.origin(at_depth) + depths.first * depth.dilation;
  const std::int64_t from_height = height.origin(at_height) + heights.first * height.dilation;

  const std::int64_t x_row = width.input * geometry.input_pitch;
  const std::int64_t w_row = width.kernel * geometry.channels;
  const std::int64_t y_offset = number * width.output * geometry.output_pitch;
  return {
      .depth = {depths.last - depths.first, depth.dilation * height.input * x_row,
                height.kernel * w_row},
      .height = {heights.last - heights.first, height.dilation * x_row, w_row},
      .width = width_of(width),
      .channels = geometry.channels,
      .x_pitch = geometry.input_pitch,
      .y_pitch = geometry.output_pitch,
      .x = tensors.x + ((image * depth.input + from_depth) * height.input + from_height) * x_row,
      .w = tensors.w + (depths.first * height.kernel + heights.first) * w_row,
      .bias = tensors.bias,
      .residual = advance(tensors.residual, y_offset),
      .y = tensors.y + y_offset};
}

}  // namespace

void pack_depthwise(const core::Tensor& weights, std::int64_t channels, float* to) {
  const std::int64_t taps = weights.elements() / channels;
  for (std::int64_t tap = 0; tap < taps; ++tap) {
    for (std::int64_t channel = 0; channel < channels; ++channel) {
      const std::int64_t element = channel * taps + tap;
      std::memcpy(to++, weights.bytes().data() + element * std::int64_t{sizeof(float)},
                  sizeof(float));
    }
  }
}

void conv_depthwise_nhwc(const ConvGeometry& geometry, const ops::Activation& activation,
                         const ConvTensors& tensors, const Simd& simd, core::ThreadPool& threads) {
  const std::int64_t rows = geometry.batch * geometry.window[0].output * geometry.window[1].output;
  const std::int64_t extent = geometry.window[2].output * geometry.channels;
  share_rows(threads, rows, extent, [&](std::int64_t number) {
    DepthwiseRow row = row_at(geometry, tensors, number);
    row.activation = &activation;
    simd.depthwise(row);
  });
}

}  // namespace mini_infer::cpu
