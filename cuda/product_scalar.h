#pragma once

#include <climits>

#include "cuda/blocked_sums.h"
#include "cuda/product_tile.h"

namespace mini_infer::cuda::product {

// A square tile by a square of threads: each has some rows times as many columns, in groups of
// neighbours. The largest has no registers for products deeper than a section.
template <typename T, int kSide>
class ScalarSums {
  using Sum = ops::Wide<T>;
  static constexpr int kThreadSide = kSide < 64 ? 8 : 16;
  static constexpr int kPer = kSide / kThreadSide;
  static constexpr int kGroup = 4;
  static constexpr int kPad = 4;  // keeps rows in different banks, and its packs aligned

 public:
  static constexpr int kRows = kSide;
  static constexpr int kColumns = kSide;
  static constexpr int kDepth = 16;
  static constexpr int kThreads = kThreadSide * kThreadSide;
  static constexpr int kBlockParts = ops::kSumBlock / kDepth;
  static_assert(kBlockParts * kDepth == ops::kSumBlock);
  static constexpr int kMostDepth = kPer < 8 ? INT_MAX : ops::kSumBlock * ops::kSumSection;

  struct Tile {
    Sum at[kDepth][kSide + kPad];
    __device__ void put(int line, int depth, T x) { at[depth][line] = ops::widened(x); }
  };
  using LeftTile = Tile;
  using RightTile = Tile;

  __device__ explicit ScalarSums(bool along_columns) {
    const int x = static_cast<int>(threadIdx.x) % kThreadSide;
    const int y = static_cast<int>(threadIdx.x) / kThreadSide;
    row_ = (along_columns ? y : x) * kGroup;
    column_ = (along_columns ? x : y) * kGroup;
  }

  __device__ void add(const Tile& left, const Tile& right) {
    for (int k = 0; k < kDepth; ++k) {
      Sum a[kPer];
      Sum b[kPer];
      for (int i = 0; i < kPer; ++i) a[i] = left.at[k][row_ + place_of(i)];
      for (int i = 0; i < kPer; ++i) b[i] = right.at[k][column_ + place_of(i)];
      for (int i = 0; i < kPer; ++i) {
        for (int j = 0; j < kPer; ++j) sums_.at[i * kPer + j] += a[i] * b[j];
      }
    }
  }

  __device__ void close() { sums_.close(); }

  template <typename Use>
  __device__ void for_each(Use use) const {
    MI_UNROLL
    for (int i = 0; i < kPer; ++i) {
      MI_UNROLL
      for (int j = 0; j < kPer; ++j) {
        use(row_ + place_of(i), column_ + place_of(j), sums_.sum(i * kPer + j));
      }
    }
  }

 private:
  static __device__ constexpr int place_of(int i) {
    return i / kGroup * kGroup * kThreadSide + i % kGroup;
  }

  int row_, column_;
  BlockedSums<Sum, kPer * kPer, kMostDepth == INT_MAX> sums_;
};

}  // namespace mini_infer::cuda::product
