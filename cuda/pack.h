#pragma once

#include <cuda_runtime.h>

#include <cstdint>

namespace mini_infer::cuda {

// Elements that are moved at once; 16 bytes of them unless said otherwise. Tensors begin at
// multiples of that.
template <typename T, int kElements = 16 / static_cast<int>(sizeof(T))>
struct alignas(sizeof(T) * kElements) Pack {
  static constexpr int kCount = kElements;
  T at[kCount];
};

template <typename T, int kElements = Pack<T>::kCount>
__device__ Pack<T, kElements> load_pack(const T* from) {
  return *reinterpret_cast<const Pack<T, kElements>*>(from);
}

template <typename T, int kElements>
__device__ void store_pack(T* to, const Pack<T, kElements>& pack) {
  *reinterpret_cast<Pack<T, kElements>*>(to) = pack;
}

template <typename T, int kElements = Pack<T>::kCount>
__device__ Pack<T, kElements> repeat(const T& element) {
  Pack<T, kElements> pack;
  for (int i = 0; i < kElements; ++i) pack.at[i] = element;
  return pack;
}

}  // namespace mini_infer::cuda
