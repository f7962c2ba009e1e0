#pragma once

#include "cuda/each.h"
#include "cuda/pack.h"
#include "ops/convert.h"

namespace mini_infer::cuda {

// y[i] = function(x[i]), as many at a time as are 16 bytes of the wider type.
template <typename T, typename Out, typename Function>
struct MapBody {
  static constexpr int kCount = sizeof(T) > sizeof(Out) ? Pack<T>::kCount : Pack<Out>::kCount;

  const T* x;
  Out* y;
  std::int64_t count;
  Function function;

  __device__ Out one(T element) const { return ops::convert<Out>(function(ops::widened(element))); }

  __device__ void operator()(std::int64_t item) const {
    const std::int64_t first = item * kCount;
    if (first + kCount <= count) {
      const auto in = load_pack<T, kCount>(x + first);
      Pack<Out, kCount> out;
      for (int i = 0; i < kCount; ++i) out.at[i] = one(in.at[i]);
      store_pack(y + first, out);
    } else {
      for (std::int64_t i = first; i < count; ++i) y[i] = one(x[i]);
    }
  }
};

template <typename T, typename Out, typename Function>
[[nodiscard]] core::Status map(const char* name, std::int64_t count, const ops::KernelArgs& args,
                               Function function) {
  using Body = MapBody<T, Out, Function>;
  return for_each(name, (count + Body::kCount - 1) / Body::kCount, args.queue,
                  Body{args.in<T>(0), args.out<Out>(0), count, function});
}

template <typename T, typename Out, typename Function>
ops::Kernel map_kernel(const char* name, std::int64_t count, Function function) {
  return [=](const ops::KernelArgs& args) { return map<T, Out>(name, count, args, function); };
}

}  // namespace mini_infer::cuda
