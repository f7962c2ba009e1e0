#pragma once

#include <utility>

#include "cpu/simd/code/vector.h"

namespace mini_infer::cpu::MI_ISA {

template <int... kLane>
MI_INLINE Vector interleave(Vector a, Vector b, int half, std::integer_sequence<int, kLane...>) {
  return half == 0 ? __builtin_shufflevector(a, b, (kLane % 2 * kLanes + kLane / 2)...)
                   : __builtin_shufflevector(a, b, (kLane % 2 * kLanes + (kLane + kLanes) / 2)...);
}

// Rows become columns. Each round moves one bit of an element's place from the row's number to the
// column's, as in a fast Fourier transform (Stone, "Parallel processing with the perfect shuffle",
// 1971).
MI_INLINE void transpose(Vector (&rows)[kLanes]) {
  constexpr std::make_integer_sequence<int, kLanes> kEach;
  MI_UNROLL for (int round = 1; round < kLanes; round *= 2) {
    Vector shuffled[kLanes];
    MI_UNROLL for (int i = 0; i < kLanes / 2; ++i) {
      shuffled[2 * i] = interleave(rows[i], rows[i + kLanes / 2], 0, kEach);
      shuffled[2 * i + 1] = interleave(rows[i], rows[i + kLanes / 2], 1, kEach);
    }
    MI_UNROLL for (int i = 0; i < kLanes; ++i) rows[i] = shuffled[i];
  }
}

}  // namespace mini_infer::cpu::MI_ISA
