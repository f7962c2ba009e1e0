#pragma once

#include <cuda_runtime.h>

#include <cstdint>

namespace mini_infer::cuda {

// Elements that are moved at once, 16 bytes of them. Tensors begin at multiples of that.
template <typename T>
struct alignas(16) Pack {
  static constexpr int kCount = 16 / static_cast<int>(sizeof(T));
  T at[kCount];
};

template <typename T>
__device__ Pack<T> load_pack(const T* from) {
  return *reinterpret_cast<const Pack<T>*>(from);
}

template <typename T>
__device__ void store_pack(T* to, const Pack<T>& pack) {
  *reinterpret_cast<Pack<T>*>(to) = pack;
}

}  // namespace mini_infer::cuda
