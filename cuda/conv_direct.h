#pragma once

#include "cuda/epilogue.h"
#include "cuda/pack.h"
#include "cuda/window.h"

// Convolutions whose groups have few filters: each output adds up what is under its window.
namespace mini_infer::cuda {

// One output, counted as they lie in memory.
template <typename T>
struct DirectBody {
  WindowOperand<T> x;
  const T* w = nullptr;
  Epilogue<T> epilogue;
  bool channels_last = false;
  Divisor filters, group, pixels;
  int pixel_count = 0;
  int depth = 0;
  Steps weight_steps;
  std::int64_t group_step = 0;  // of the input

  __device__ void operator()(std::int64_t output) const {
    int filter = static_cast<int>(output);
    int pixel = 0;
    if (channels_last) {
      pixel = filters.quotient(filter);
    } else {
      int rest = filter;
      filter = pixels.quotient(rest);
      pixel = rest + filters.quotient(filter) * pixel_count;
    }
    int in_group = filter;
    const T* own_w = w + static_cast<std::int64_t>(filter) * depth;
    const auto line = x.line(pixel);
    WindowOperand<T> own_x = x;
    own_x.advance(group.quotient(in_group) * group_step);
    float sum = 0;
    for (int k = 0; k < depth; ++k) {
      sum += ops::widened(own_w[weight_steps.at(k)]) * ops::widened(own_x.load(line, x.step(k)));
    }
    epilogue.store(sum, output, filter);
  }
};

// Depthwise, channels last: 16 bytes of channels of one output pixel.
template <typename T>
struct DepthwiseBody {
  WindowOperand<T> x;
  const T* w = nullptr;
  Epilogue<T> epilogue;
  Divisor packs;
  int taps = 0;

  __device__ void operator()(std::int64_t item) const {
    constexpr int kCount = Pack<T>::kCount;
    int pack = static_cast<int>(item);
    const auto line = x.line(packs.quotient(pack));
    const int channel = pack * kCount;
    const T* own_w = w + static_cast<std::int64_t>(channel) * taps;
    float sums[kCount] = {};
    for (int tap = 0; tap < taps; ++tap) {
      std::int64_t at = 0;
      if (!x.find(line, x.step(tap), at)) continue;
      const Pack<T> in = load_pack(x.data + at + channel);
      MI_UNROLL
      for (int i = 0; i < kCount; ++i) {
        sums[i] += ops::widened(own_w[i * taps + tap]) * ops::widened(in.at[i]);
      }
    }
    MI_UNROLL
    for (int i = 0; i < kCount; ++i) {
      epilogue.store(sums[i], item * kCount + i, channel + i);
    }
  }
};

}  // namespace mini_infer::cuda
