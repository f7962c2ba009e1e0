#include "cpu/ops/conv_half.h"

#include <algorithm>

#include "cpu/ops/epilogue.h"
#include "ops/convert.h"

namespace mini_infer::cpu {

using ops::SlidingAxis;

HalfConv::HalfConv(const ops::ConvGeometry& geometry, const TileEpilogue& epilogue,
                   const Simd& simd)
    : geometry_(geometry) {
  gemm_ = {.rows = geometry.filters_per_group(),
           .columns = 1,
           .depth = geometry.channels_per_group(),
           .bias_row = 1,
           .bias_column = 0,
           .epilogue = epilogue,
           .simd = &simd};
  for (const SlidingAxis& axis : geometry.window) {
    input_pixels_ *= axis.input;
    gemm_.columns *= axis.output;
    gemm_.depth *= axis.kernel;
  }
  gemm_.a_row = gemm_.depth;
}

template <typename T>
void HalfConv::run(const GemmTensorsOf<T>& tensors, core::ThreadPool& threads) const {
  run_half<T>(
      gemm_, geometry_.batch * geometry_.groups,
      [&](std::int64_t index) { return product(tensors, index); },
      [this](const T* x, const PanelPart& part, float* to) { gather(x, part, to); }, threads);
}

template void HalfConv::run(const GemmTensorsOf<ops::Float16>&, core::ThreadPool&) const;
template void HalfConv::run(const GemmTensorsOf<ops::BFloat16>&, core::ThreadPool&) const;

// Groups of an image follow each other, in the input and in the output.
template <typename T>
GemmTensorsOf<T> HalfConv::product(const GemmTensorsOf<T>& tensors, std::int64_t index) const {
  const std::int64_t filter = index % geometry_.groups * gemm_.rows;
  const std::int64_t at = index * gemm_.rows * gemm_.columns;
  return {.a = tensors.a + filter * gemm_.depth,
          .b = tensors.b + index * geometry_.channels_per_group() * input_pixels_,
          .bias = advance(tensors.bias, filter),
          .residual = advance(tensors.residual, at),
          .y = tensors.y + at};
}

HalfConv::Tap HalfConv::tap_at(std::int64_t k) const {
  const auto& [depth, height, width] = geometry_.window;
  const std::int64_t row = k / width.kernel;
  const std::int64_t plane = row / height.kernel;
  return {.channel = plane / depth.kernel,
          .d = plane % depth.kernel,
          .h = row % height.kernel,
          .w = k % width.kernel};
}

template <typename T>
void HalfConv::gather(const T* x, const PanelPart& part, float* to) const {
  const int width = part.panels.width(0);
  const std::int64_t last = part.column + part.panels.columns;
  for (std::int64_t k = part.k; k < part.k + part.panels.depth; ++k, to += width) {
    gather_row(x, tap_at(k), part.column, last, to);
  }
}

template <typename T>
void HalfConv::gather_row(const T* x, const Tap& tap, std::int64_t first, std::int64_t last,
                          float* to) const {
  const std::int64_t extent = geometry_.window[2].output;
  while (first < last) {
    const std::int64_t begin = first % extent;
    const Pixels pixels{first / extent, begin, std::min(extent - begin, last - first)};
    gather_pixels(x, tap, pixels, to);
    first += pixels.count;
    to += pixels.count;
  }
}

template <typename T>
void HalfConv::gather_pixels(const T* x, const Tap& tap, const Pixels& pixels, float* to) const {
  const auto& [depth, height, width] = geometry_.window;
  const std::int64_t d = depth.origin(pixels.row / height.output) + tap.d * depth.dilation;
  const std::int64_t h = height.origin(pixels.row % height.output) + tap.h * height.dilation;
  const std::int64_t w = width.origin(pixels.first) + tap.w * width.dilation;
  if (d < 0 || d >= depth.input || h < 0 || h >= height.input) {
    std::fill_n(to, pixels.count, 0.0f);
    return;
  }
  // The pixels for which the position is on the input.
  const std::int64_t before = w >= 0 ? 0 : (-w - 1) / width.stride + 1;
  const std::int64_t inside = w >= width.input ? 0 : (width.input - w - 1) / width.stride + 1;
  const std::int64_t begin = std::min(before, pixels.count);
  const std::int64_t end = std::clamp(inside, begin, pixels.count);
  const T* row = x + ((tap.channel * depth.input + d) * height.input + h) * width.input;
  std::fill(to, to + begin, 0.0f);
  if (width.stride == 1) {
    gemm_.simd->loops_of<T>().widen(row + w + begin, to + begin, end - begin);
  } else {
    for (std::int64_t i = begin; i < end; ++i) to[i] = ops::widened(row[w + i * width.stride]);
  }
  std::fill(to + end, to + pixels.count, 0.0f);
}

}  // namespace mini_infer::cpu
