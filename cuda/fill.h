#pragma once

#include "cuda/each.h"
#include "cuda/pack.h"

namespace mini_infer::cuda {

template <typename T>
struct FillBody {
  T* to;
  std::int64_t count;
  T value;

  __device__ void operator()(std::int64_t item) const {
    constexpr int kCount = Pack<T>::kCount;
    const std::int64_t first = item * kCount;
    if (first + kCount <= count) {
      store_pack(to + first, repeat(value));
    } else {
      for (std::int64_t i = first; i < count; ++i) to[i] = value;
    }
  }
};

// `to` is the first element of a tensor.
template <typename T>
[[nodiscard]] core::Status fill(const char* name, T* to, std::int64_t count, T value,
                                ops::Queue queue) {
  constexpr int kCount = Pack<T>::kCount;
  return for_each(name, (count + kCount - 1) / kCount, queue, FillBody<T>{to, count, value});
}

}  // namespace mini_infer::cuda
