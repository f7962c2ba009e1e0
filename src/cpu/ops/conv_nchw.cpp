#include <algorithm>

#include "cpu/ops/blocked_sums.h"
#include "cpu/ops/conv.h"

namespace mini_infer::cpu {
namespace {

using ops::ConvGeometry;
using ops::SlidingAxis;

constexpr int kBlock = 64;  // neighbours of an output row that are summed together
using Sums = BlockedSums<kBlock>;

// Adds one kernel position to the outputs [first, last) of a row: x is the input row, `offset`
// where the position falls for output 0.
void add_tap(const SlidingAxis& axis, const float* x, std::int64_t offset, float weight,
             std::int64_t first, std::int64_t last, float* sums) {
  // The outputs for which the position is on the input.
  const std::int64_t before = offset >= 0 ? 0 : (-offset - 1) / axis.stride + 1;
  const std::int64_t inside =
      offset >= axis.input ? 0 : (axis.input - offset - 1) / axis.stride + 1;
  const std::int64_t begin = std::max(first, before);
  const std::int64_t end = std::min(last, inside);
  if (axis.stride == 1) {
    for (std::int64_t o = begin; o < end; ++o) sums[o - first] += weight * x[offset + o];
  } else {
    for (std::int64_t o = begin; o < end; ++o) {
      sums[o - first] += weight * x[offset + o * axis.stride];
    }
  }
}

class NchwConv {
 public:
  NchwConv(const ConvGeometry& geometry, const Epilogue& epilogue, const ConvTensors& tensors)
      : geometry_(geometry), epilogue_(epilogue), tensors_(tensors) {
    for (const SlidingAxis& axis : geometry.window) {
      input_pixels_ *= axis.input;
      kernel_size_ *= axis.kernel;
    }
  }

  void run() const {
    const auto& [depth, height, width] = geometry_.window;
    std::int64_t at = 0;
    for (std::int64_t image = 0; image < geometry_.batch; ++image) {
      for (std::int64_t filter = 0; filter < geometry_.filters; ++filter) {
        for (std::int64_t d = 0; d < depth.output; ++d) {
          for (std::int64_t h = 0; h < height.output; ++h, at += width.output) {
            run_row(image, filter, d, h, at);
          }
        }
      }
    }
  }

 private:
  void run_row(std::int64_t image, std::int64_t filter, std::int64_t d, std::int64_t h,
               std::int64_t at) const {
    const std::int64_t extent = geometry_.window[2].output;
    for (std::int64_t first = 0; first < extent; first += kBlock) {
      const std::int64_t last = std::min<std::int64_t>(first + kBlock, extent);
      Sums sums;
      sum(image, filter, d, h, first, last, sums);
      epilogue_.store(sums.finish(), last - first, advance(tensors_.bias, filter), 0,
                      advance(tensors_.residual, at + first), tensors_.y + at + first);
    }
  }

  void sum(std::int64_t image, std::int64_t filter, std::int64_t d, std::int64_t h,
           std::int64_t first, std::int64_t last, Sums& sums) const {
    const std::int64_t channels = geometry_.channels_per_group();
    const std::int64_t group = filter / geometry_.filters_per_group();
    for (std::int64_t c = 0; c < channels; ++c) {
      const std::int64_t channel = image * geometry_.channels + group * channels + c;
      sum_channel(tensors_.x + channel * input_pixels_,
                  tensors_.w + filter * channels * kernel_size_, c * kernel_size_, d, h, first,
                  last, sums);
    }
  }

  // `term`: where the channel begins among the filter's weights w.
  void sum_channel(const float* x, const float* w, std::int64_t term, std::int64_t d,
                   std::int64_t h, std::int64_t first, std::int64_t last, Sums& sums) const {
    const auto& [depth, height, width] = geometry_.window;
    const SlidingAxis::Taps planes = depth.taps_on_input(d);
    const SlidingAxis::Taps rows = height.taps_on_input(h);
    for (std::int64_t kd = planes.first; kd < planes.last; ++kd) {
      const std::int64_t plane = depth.origin(d) + kd * depth.dilation;
      for (std::int64_t kh = rows.first; kh < rows.last; ++kh) {
        const std::int64_t row = height.origin(h) + kh * height.dilation;
        const float* input = x + (plane * height.input + row) * width.input;
        const std::int64_t at = term + (kd * height.kernel + kh) * width.kernel;
        for (std::int64_t kw = 0; kw < width.kernel; ++kw) {
          add_tap(width, input, width.origin(0) + kw * width.dilation, w[at + kw], first, last,
                  sums.at(at + kw));
        }
      }
    }
  }

  const ConvGeometry& geometry_;
  const Epilogue& epilogue_;
  const ConvTensors& tensors_;
  std::int64_t input_pixels_ = 1;
  std::int64_t kernel_size_ = 1;
};

}  // namespace

void conv_nchw(const ConvGeometry& geometry, const Epilogue& epilogue, const ConvTensors& tensors) {
  NchwConv(geometry, epilogue, tensors).run();
}

}  // namespace mini_infer::cpu
