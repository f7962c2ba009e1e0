#pragma once

#include "cuda/blocked_sums.h"
#include "cuda/product_tile.h"

namespace mini_infer::cuda::product {

// A small tile whose depth is shared out: where a product has few results and is deep, tiles of
// ScalarSums would leave most of a GPU without work. A group of threads has every kGroups-th
// element of the depth; their sums are joined in one order, at the end.
template <typename T>
class DeepSums {
  using Sum = ops::Wide<T>;
  static constexpr int kSide = 16;
  static constexpr int kPer = 4;  // rows and columns of a thread
  static constexpr int kGroupSide = kSide / kPer;
  static constexpr int kGroups = 16;
  static constexpr int kPad = 4;  // keeps rows in different banks, and their packs aligned

 public:
  static constexpr int kRows = kSide;
  static constexpr int kColumns = kSide;
  static constexpr int kDepth = 128;
  static constexpr int kThreads = kGroups * kGroupSide * kGroupSide;
  static_assert(kThreads == kSide * kSide);  // a thread joins the sums of one result
  static constexpr int kBlockParts = ops::kSumBlock / (kDepth / kGroups);
  static_assert(kBlockParts * kDepth == ops::kSumBlock * kGroups);

  struct Tile {
    alignas(16) Sum at[kDepth][kSide + kPad];
    __device__ void put(int line, int depth, T x) { at[depth][line] = ops::widened(x); }
  };
  using LeftTile = Tile;
  using RightTile = Tile;

  __device__ explicit DeepSums(bool along_columns) : along_columns_(along_columns) {
    const int thread = static_cast<int>(threadIdx.x);
    group_ = thread / (kGroupSide * kGroupSide);
    row_ = thread / kGroupSide % kGroupSide * kPer;
    column_ = thread % kGroupSide * kPer;
  }

  __device__ void add(const Tile& left, const Tile& right) {
    for (int k = group_; k < kDepth; k += kGroups) {
      for (int i = 0; i < kPer; ++i) {
        for (int j = 0; j < kPer; ++j)
          sums_.at[i * kPer + j] += left.at[k][row_ + i] * right.at[k][column_ + j];
      }
    }
  }

  __device__ void close() { sums_.close(); }

  // All threads of the block together.
  template <typename Use>
  __device__ void for_each(Use use) const {
    __shared__ Sum parts[kGroups][kSide][kSide + 1];
    MI_UNROLL
    for (int i = 0; i < kPer; ++i) {
      MI_UNROLL
      for (int j = 0; j < kPer; ++j) parts[group_][row_ + i][column_ + j] = sums_.sum(i * kPer + j);
    }
    __syncthreads();
    const int outer = static_cast<int>(threadIdx.x) / kSide;
    const int inner = static_cast<int>(threadIdx.x) % kSide;
    const int row = along_columns_ ? outer : inner;
    const int column = along_columns_ ? inner : outer;
    Sum sum = 0;
    for (const auto& part : parts) sum += part[row][column];
    use(row, column, sum);
    __syncthreads();
  }

 private:
  bool along_columns_;
  int group_, row_, column_;
  BlockedSums<Sum, kPer * kPer> sums_;
};

}  // namespace mini_infer::cuda::product
