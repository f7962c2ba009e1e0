#pragma once

#include "cuda/blocked_sums.h"
#include "cuda/each.h"
#include "cuda/epilogue.h"
#include "cuda/window.h"
#include "ops/conv.h"

// Convolutions whose groups have so few filters that most of a product's tile would be empty: each
// output adds up what is under its window.
namespace mini_infer::cuda {

inline bool has_few_filters(const ops::ConvGeometry& geometry) {
  constexpr std::int64_t kFew = 8;
  return geometry.groups > 1 && geometry.filters_per_group() < kFew;
}

// One output, counted as they lie in memory.
template <typename T, bool kSpread = false>
struct DirectBody {
  WindowOperand<T, kSpread> x;
  const T* w = nullptr;
  Epilogue<T> epilogue;
  bool channels_last = false;
  Divisor filters, group, pixels;
  int pixel_count = 0;
  int depth = 0;
  std::int64_t y_pitch = 0;  // channels last: from pixel to pixel
  Steps weight_depth;
  // From group to group, and from filter to filter of one.
  std::int64_t x_group = 0;
  std::int64_t w_group = 0;
  std::int64_t w_filter = 0;

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
    const std::int64_t number = group.quotient(in_group);
    const T* own_w = w + number * w_group + in_group * w_filter;
    const auto line = x.line(pixel);
    LongSum sum;
    for (int k = 0; k < depth; ++k) {
      std::int64_t at = 0;
      if (!x.find(line, x.step(k), at)) continue;
      sum.add(ops::widened(own_w[weight_depth.at(k)]) *
              ops::widened(x.data[at + number * x_group]));
    }
    epilogue.store(sum.sum(), channels_last ? pixel * y_pitch + filter : output, filter);
  }
};

template <typename T, typename Body>
ops::Kernel direct_kernel(const Body& body, std::int64_t count) {
  return [body, count](const ops::KernelArgs& args) {
    Body bound = body;
    bound.x.data = args.in<T>(0);
    bound.w = args.in<T>(1);
    bound.epilogue = body.epilogue.on(args);
    return for_each("convolution", count, args.queue, bound);
  };
}

}  // namespace mini_infer::cuda
