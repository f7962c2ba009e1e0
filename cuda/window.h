#pragma once

#include "cuda/steps.h"
#include "ops/dispatch.h"
#include "ops/spatial.h"

namespace mini_infer::cuda {

// Elements of one image's channel, and of one window.
struct WindowSizes {
  std::int64_t input_pixels = 1;
  std::int64_t output_pixels = 1;
  std::int64_t taps = 1;

  explicit WindowSizes(const ops::Window& window) {
    for (const ops::SlidingAxis& axis : window) {
      input_pixels *= axis.input;
      output_pixels *= axis.output;
      taps *= axis.kernel;
    }
  }
};

// What lies under the windows that slide over a tensor, as the right operand of a product (see
// Matrix): a line is an output pixel, a step one element of its window.
//
// kSpread: of a transposed convolution. The window slides along the output, and a tap finds an
// input only where the output's place is a multiple of the stride from it.
template <typename T, bool kSpread = false>
struct WindowOperand {
  static constexpr int kAxes = 3;
  using Element = T;
  struct Place {
    int at[kAxes];  // depth, height, width
    std::int64_t offset;
  };
  using Line = Place;
  using Step = Place;

  const T* data = nullptr;
  Divisor outputs[kAxes], kernels[kAxes], strides[kAxes], channels;
  int inputs[kAxes], origins[kAxes], line_steps[kAxes], tap_steps[kAxes];
  // In elements, from one to the next.
  std::int64_t image_step = 0;
  std::int64_t channel_step = 0;
  std::int64_t pixel_steps[kAxes];
  bool along_depth = false;  // channels are neighbours: they are counted first, then the taps

  // The first place of the window of output pixel i; pixels of images follow each other.
  __device__ Line line(int i) const {
    Line line{};
    for (int axis = kAxes - 1; axis >= 0; --axis) {
      const int rest = outputs[axis].quotient(i);
      line.at[axis] = i * line_steps[axis] + origins[axis];
      i = rest;
    }
    line.offset = i * image_step;
    if constexpr (!kSpread) line.offset += offset_of(line.at);
    return line;
  }

  __device__ Step step(int k) const {
    Step step{};
    int channel = 0;
    if (along_depth) {
      const int rest = channels.quotient(k);
      channel = k;
      k = rest;
    }
    for (int axis = kAxes - 1; axis >= 0; --axis) {
      const int rest = kernels[axis].quotient(k);
      step.at[axis] = k * tap_steps[axis];
      k = rest;
    }
    if (!along_depth) channel = k;
    step.offset = channel * channel_step;
    if constexpr (!kSpread) step.offset += offset_of(step.at);
    return step;
  }

  // Whether the input has that element, and where.
  __device__ bool find(const Line& line, const Step& step, std::int64_t& at) const {
    at = line.offset + step.offset;
    for (int axis = 0; axis < kAxes; ++axis) {
      int place = line.at[axis] + step.at[axis];
      if constexpr (kSpread) {
        if (place < 0) return false;
        int remainder = place;
        place = strides[axis].quotient(remainder);
        if (remainder != 0) return false;
        at += place * pixel_steps[axis];
      }
      if (place < 0 || place >= inputs[axis]) return false;
    }
    return true;
  }

  __device__ T load(const Line& line, const Step& step) const {
    std::int64_t at = 0;
    return find(line, step, at) ? data[at] : T{};
  }

  __device__ void advance(std::int64_t elements) { data += elements; }

  // Of `channel_count` channels; pixels of the input are so far apart. Whether all its places can
  // be counted in 31 bits.
  bool resolve(const ops::Window& window, std::int64_t channel_count, std::int64_t pixel_step) {
    channels = Divisor(channel_count);
    for (int axis = kAxes - 1; axis >= 0; --axis) {
      const ops::SlidingAxis& sliding = window[static_cast<std::size_t>(axis)];
      if (!is_countable(sliding)) return false;
      outputs[axis] = Divisor(sliding.output);
      kernels[axis] = Divisor(sliding.kernel);
      strides[axis] = Divisor(sliding.stride);
      inputs[axis] = static_cast<int>(sliding.input);
      origins[axis] = static_cast<int>(kSpread ? sliding.pad_begin : -sliding.pad_begin);
      line_steps[axis] = static_cast<int>(kSpread ? 1 : sliding.stride);
      tap_steps[axis] = static_cast<int>(kSpread ? -sliding.dilation : sliding.dilation);
      pixel_steps[axis] = pixel_step;
      pixel_step *= sliding.input;
    }
    return true;
  }

 private:
  __device__ std::int64_t offset_of(const int (&at)[kAxes]) const {
    std::int64_t offset = 0;
    for (int axis = 0; axis < kAxes; ++axis) offset += at[axis] * pixel_steps[axis];
    return offset;
  }

  static bool is_countable(const ops::SlidingAxis& axis) {
    constexpr std::int64_t kMost = INT32_MAX / 4;
    const std::int64_t reach = (axis.kernel - 1) * axis.dilation;
    return axis.input < kMost && axis.output < kMost && axis.pad_begin < kMost &&
           (axis.output - 1) * (kSpread ? 1 : axis.stride) < kMost && reach < kMost;
  }
};

}  // namespace mini_infer::cuda
