#pragma once

#include "cuda/blocked_sums.h"
#include "cuda/each.h"
#include "cuda/epilogue.h"
#include "cuda/pack.h"
#include "cuda/plane.h"
#include "cuda/steps.h"
#include "ops/conv.h"

// Depthwise convolutions over two axes, channels last, weights packed as [taps, channels]: a thread
// computes 16 bytes of channels of one output pixel, or of a strip of neighbours, whose windows
// overlap.
namespace mini_infer::cuda {

template <typename T>
struct Depthwise {
  static constexpr int kCount = Pack<T>::kCount;
  using Sums = float[kCount];

  const T* x = nullptr;
  const T* w = nullptr;
  Epilogue<T> epilogue;
  PlaneAxis height, width;
  int channels = 0;
  std::int64_t x_pitch = 0, y_pitch = 0;  // elements from pixel to pixel
  // Of the work: packs of channels, strips of a line, lines of an image.
  Divisor packs, strips, lines;

  struct Place {
    int image, line, strip, channel;
  };
  __device__ Place place_of(std::int64_t item) const {
    Place place{};
    int rest = static_cast<int>(item);
    int next = packs.quotient(rest);
    place.channel = rest * kCount;
    rest = next;
    next = strips.quotient(rest);
    place.strip = rest;
    rest = next;
    place.image = lines.quotient(rest);
    place.line = rest;
    return place;
  }

  __device__ std::int64_t input_line(const Place& place, int y) const {
    return (static_cast<std::int64_t>(place.image) * height.input + y) * width.input * x_pitch +
           place.channel;
  }
  __device__ Pack<T> weights(int tap, int channel) const {
    return load_pack(w + static_cast<std::int64_t>(tap) * channels + channel);
  }
  __device__ static void add(Sums& sums, const Pack<T>& a, const Pack<T>& b) {
    MI_UNROLL
    for (int i = 0; i < kCount; ++i) sums[i] += ops::widened(a.at[i]) * ops::widened(b.at[i]);
  }
  __device__ void store(const Sums& sums, const Place& place, int column) const {
    const std::int64_t pixel =
        (static_cast<std::int64_t>(place.image) * height.output + place.line) * width.output +
        column;
    epilogue.store_pack(sums, pixel * y_pitch + place.channel, place.channel);
  }
};

// Any window, pixel by pixel. kBlocks: it has more taps than a block of a sum.
template <typename T, bool kBlocks>
struct DepthwisePixel : Depthwise<T> {
  __device__ void operator()(std::int64_t item) const {
    const auto place = this->place_of(item);
    BlockedSums<float, Pack<T>::kCount> sums;
    int taps = 0;  // of the block
    for (int i = 0; i < this->height.kernel; ++i) {
      const int y = this->height.place(place.line, i);
      if (!this->height.holds(y)) continue;
      const T* line = this->x + this->input_line(place, y);
      for (int j = 0; j < this->width.kernel; ++j) {
        const int column = this->width.place(place.strip, j);
        if (!this->width.holds(column)) continue;
        this->add(sums.at, load_pack(line + column * this->x_pitch),
                  this->weights(i * this->width.kernel + j, place.channel));
        if (kBlocks && ++taps == ops::kSumBlock) {
          sums.close();
          taps = 0;
        }
      }
    }
    if constexpr (kBlocks) {
      for (int i = 0; i < Pack<T>::kCount; ++i) sums.at[i] = sums.sum(i);
    }
    this->store(sums.at, place, place.strip);
  }
};

// Square windows without gaps, kStrip pixels of a line at once: an input is loaded once for all of
// them, and so is a weight.
template <typename T, int kKernel, int kStride, int kStrip>
struct DepthwiseStrip : Depthwise<T> {
  __device__ void operator()(std::int64_t item) const {
    constexpr int kInputs = (kStrip - 1) * kStride + kKernel;
    const auto place = this->place_of(item);
    const int first = place.strip * kStrip;
    const int left = this->width.place(first, 0);
    float sums[kStrip][Pack<T>::kCount] = {};
    for (int i = 0; i < kKernel; ++i) {
      const int y = this->height.place(place.line, i);
      if (!this->height.holds(y)) continue;
      const T* line = this->x + this->input_line(place, y);
      Pack<T> weights[kKernel];
      MI_UNROLL
      for (int j = 0; j < kKernel; ++j) {
        weights[j] = this->weights(i * kKernel + j, place.channel);
      }
      MI_UNROLL
      for (int at = 0; at < kInputs; ++at) {
        if (!this->width.holds(left + at)) continue;
        const Pack<T> in = load_pack(line + (left + at) * this->x_pitch);
        MI_UNROLL
        for (int j = 0; j < kKernel; ++j) {
          const int output = at - j;
          if (output >= 0 && output % kStride == 0 && output / kStride < kStrip) {
            this->add(sums[output / kStride], in, weights[j]);
          }
        }
      }
    }
    MI_UNROLL
    for (int output = 0; output < kStrip; ++output) {
      if (first + output < this->width.output) this->store(sums[output], place, first + output);
    }
  }
};

// Whether it is one of them.
template <typename T>
bool is_depthwise(const ops::ConvGeometry& geometry) {
  return geometry.layout == ops::Layout::kNhwc && geometry.input_layout == ops::Layout::kNhwc &&
         geometry.groups == geometry.channels && geometry.groups == geometry.filters &&
         geometry.channels % Pack<T>::kCount == 0 && is_plane(geometry.window);
}

template <typename T, typename Body>
ops::Kernel depthwise_kernel(const Depthwise<T>& depthwise, const ops::ConvGeometry& geometry,
                             int strip) {
  Body body;
  static_cast<Depthwise<T>&>(body) = depthwise;
  const std::int64_t packs = geometry.channels / Pack<T>::kCount;
  const std::int64_t strips = (body.width.output + strip - 1) / strip;
  body.packs = Divisor(packs);
  body.strips = Divisor(strips);
  body.lines = Divisor(body.height.output);
  const std::int64_t count = packs * strips * body.height.output * geometry.batch;
  return [body, count](const ops::KernelArgs& args) {
    Body bound = body;
    bound.x = args.in<T>(0);
    bound.w = args.in<T>(1);
    bound.epilogue = body.epilogue.on(args);
    return for_each("depthwise convolution", count, args.queue, bound);
  };
}

template <typename T>
ops::Kernel bind_depthwise(const ops::ConvGeometry& geometry, const Epilogue<T>& epilogue) {
  // Fewer threads than this leave multiprocessors without work.
  constexpr std::int64_t kEnough = std::int64_t{1} << 17;
  constexpr int kStrip = 4;
  Depthwise<T> depthwise;
  depthwise.epilogue = epilogue;
  depthwise.height = PlaneAxis::of(geometry.window[1]);
  depthwise.width = PlaneAxis::of(geometry.window[2]);
  depthwise.channels = static_cast<int>(geometry.channels);
  depthwise.x_pitch = geometry.input_pitch;
  depthwise.y_pitch = geometry.output_pitch;
  const PlaneAxis& width = depthwise.width;
  const bool square = width.kernel == depthwise.height.kernel && width.dilation == 1;
  const bool many = geometry.output_shape.elements() / Pack<T>::kCount >= kStrip * kEnough;
  const auto is = [&](int kernel, int stride) {
    return square && many && width.kernel == kernel && width.stride == stride;
  };
  const auto strips = [&](auto body) {
    return depthwise_kernel<T, decltype(body)>(depthwise, geometry, kStrip);
  };
  if (is(3, 1)) return strips(DepthwiseStrip<T, 3, 1, kStrip>());
  if (is(3, 2)) return strips(DepthwiseStrip<T, 3, 2, kStrip>());
  if (is(5, 1)) return strips(DepthwiseStrip<T, 5, 1, kStrip>());
  if (is(5, 2)) return strips(DepthwiseStrip<T, 5, 2, kStrip>());
  if (depthwise.height.kernel * width.kernel > ops::kSumBlock) {
    return depthwise_kernel<T, DepthwisePixel<T, true>>(depthwise, geometry, 1);
  }
  return depthwise_kernel<T, DepthwisePixel<T, false>>(depthwise, geometry, 1);
}

}  // namespace mini_infer::cuda
