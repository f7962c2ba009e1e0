#pragma once

#include <cstdint>
#include <cstring>

#include "cuda/warp.h"
#include "ops/convert.h"

// Products of small matrices by a warp, on tensor cores. Elements are 16 bits, sums float. How
// lanes hold the matrices is the instruction's (PTX ISA, "Matrix Fragments for mma.m16n8k16"): with
// group = lane / 4 and pair = lane % 4,
//   a, 16 by 16: words at (group, 2 pair), (group + 8, 2 pair), (group, 2 pair + 8) and
//                (group + 8, 2 pair + 8), each with its right neighbour;
//   b, 16 by 8:  words at (2 pair, group) and (2 pair + 8, group), each with the one below;
//   c, 16 by 8:  (group, 2 pair), (group, 2 pair + 1) and the same 8 rows below.
namespace mini_infer::cuda {

struct TileA {
  std::uint32_t words[4];
};
struct TileB {
  std::uint32_t words[2];
};
struct TileC {
  float sums[4];
};

// Two neighbours in one word.
template <typename T>
__device__ std::uint32_t word_of(T first, T second) {
  return first.bits | std::uint32_t{second.bits} << 16;
}
template <typename T>
__device__ std::uint32_t load_word(const T* from) {
  std::uint32_t word;
  std::memcpy(&word, from, sizeof word);
  return word;
}
template <typename T>
__device__ T half_of(std::uint32_t word, int which) {
  return {static_cast<std::uint16_t>(which == 0 ? word & 0xffffu : word >> 16)};
}

namespace tensor_core {

// What the instruction does, in shuffles: for devices that do not have it.
template <typename T>
__device__ inline void multiply_by_shuffles(TileC& c, const TileA& a, const TileB& b) {
  const int lane = static_cast<int>(threadIdx.x) % kLanes;
  const int group = lane / 4;
  const int pair = lane % 4;
  for (int step = 0; step < 4; ++step) {
    std::uint32_t left[4];
    std::uint32_t right[2][2];
    for (int i = 0; i < 4; ++i) {
      left[i] = __shfl_sync(0xffffffffu, a.words[i], group * 4 + step);
    }
    for (int i = 0; i < 2; ++i) {
      for (int column = 0; column < 2; ++column) {
        right[i][column] = __shfl_sync(0xffffffffu, b.words[i], (2 * pair + column) * 4 + step);
      }
    }
    for (int i = 0; i < 4; ++i) {
      for (int half = 0; half < 2; ++half) {
        for (int column = 0; column < 2; ++column) {
          c.sums[i % 2 * 2 + column] += ops::widened(half_of<T>(left[i], half)) *
                                        ops::widened(half_of<T>(right[i / 2][column], half));
        }
      }
    }
  }
}

#ifdef MI_CUDA_EMULATED
// The same, of what all lanes have laid down: fewer switches between fibers.
template <typename T>
void multiply_emulated(TileC& c, const TileA& a, const TileB& b) {
  constexpr int kMostWarps = 32;
  static thread_local TileA all_a[kMostWarps][kLanes];
  static thread_local TileB all_b[kMostWarps][kLanes];
  const int lane = static_cast<int>(threadIdx.x) % kLanes;
  const int warp = static_cast<int>(threadIdx.x) / kLanes;
  all_a[warp][lane] = a;
  all_b[warp][lane] = b;
  __syncwarp();
  for (int i = 0; i < 4; ++i) {
    for (int k = 0; k < 16; ++k) {
      const int from = k % 8 / 2;
      const TileA& left = all_a[warp][lane / 4 * 4 + from];
      const TileB& right = all_b[warp][(lane % 4 * 2 + i % 2) * 4 + from];
      c.sums[i] += ops::widened(half_of<T>(left.words[k / 8 * 2 + i / 2], k % 2)) *
                   ops::widened(half_of<T>(right.words[k / 8], k % 2));
    }
  }
  __syncwarp();
}
#endif

}  // namespace tensor_core

// c += a * b. All lanes of a warp together.
template <typename T>
__device__ __forceinline__ void multiply(TileC& c, const TileA& a, const TileB& b) {
#ifdef MI_CUDA_EMULATED
  tensor_core::multiply_emulated<T>(c, a, b);
#elif defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 800
  if constexpr (std::is_same_v<T, ops::Float16>) {
    asm volatile(
        "mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, "
        "{%0,%1,%2,%3};"
        : "+f"(c.sums[0]), "+f"(c.sums[1]), "+f"(c.sums[2]), "+f"(c.sums[3])
        : "r"(a.words[0]), "r"(a.words[1]), "r"(a.words[2]), "r"(a.words[3]), "r"(b.words[0]),
          "r"(b.words[1]));
  } else {
    asm volatile(
        "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, "
        "{%8,%9}, {%0,%1,%2,%3};"
        : "+f"(c.sums[0]), "+f"(c.sums[1]), "+f"(c.sums[2]), "+f"(c.sums[3])
        : "r"(a.words[0]), "r"(a.words[1]), "r"(a.words[2]), "r"(a.words[3]), "r"(b.words[0]),
          "r"(b.words[1]));
  }
#else
  tensor_core::multiply_by_shuffles<T>(c, a, b);
#endif
}

}  // namespace mini_infer::cuda
