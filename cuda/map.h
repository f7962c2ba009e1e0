#pragma once

#include "cuda/each.h"
#include "cuda/pack.h"
#include "ops/convert.h"

namespace mini_infer::cuda {

// y[i] = function(x[i]), 16 bytes of x at a time.
template <typename T, typename Out, typename Function>
struct MapBody {
  const T* x;
  Out* y;
  std::int64_t count;
  Function function;

  __device__ Out one(T element) const { return ops::convert<Out>(function(ops::widened(element))); }

  __device__ void operator()(std::int64_t item) const {
    constexpr int kCount = Pack<T>::kCount;
    const std::int64_t first = item * kCount;
    if (first + kCount <= count) {
      const Pack<T> in = load_pack(x + first);
      if constexpr (sizeof(T) == sizeof(Out)) {
        Pack<Out> out;
        for (int i = 0; i < kCount; ++i) out.at[i] = one(in.at[i]);
        store_pack(y + first, out);
      } else {
        for (int i = 0; i < kCount; ++i) y[first + i] = one(in.at[i]);
      }
    } else {
      for (std::int64_t i = first; i < count; ++i) y[i] = one(x[i]);
    }
  }
};

template <typename T, typename Out, typename Function>
ops::Kernel map_kernel(const char* name, std::int64_t count, Function function) {
  return [=](const ops::KernelArgs& args) {
    constexpr int kCount = Pack<T>::kCount;
    return for_each(name, (count + kCount - 1) / kCount, args.queue,
                    MapBody<T, Out, Function>{args.in<T>(0), args.out<Out>(0), count, function});
  };
}

}  // namespace mini_infer::cuda
