#pragma once

#include "cuda/product_tile.h"
#include "cuda/tensor_core.h"

namespace mini_infer::cuda::product {

// A tile of 16-bit elements on tensor cores: each warp has kWarpRows by kWarpColumns of it. An
// instruction adds 16 terms at once, and sums are rounded to 16 bits in the end: blocks are longer
// than ops/block_sum.h has them, and there are no sections.
template <typename T, int kRowCount, int kColumnCount, int kWarpRows>
class TensorSums {
  static constexpr int kWarpColumns = 32;
  static constexpr int kDown = kWarpRows / 16;
  static constexpr int kAcross = kWarpColumns / 8;

 public:
  static constexpr int kRows = kRowCount;
  static constexpr int kColumns = kColumnCount;
  static constexpr int kDepth = 32;
  static constexpr int kThreads = kRows / kWarpRows * (kColumns / kWarpColumns) * kLanes;
  static constexpr int kBlockParts = 1024 / kDepth;

  template <int kCount>
  struct Tile {
    // So far apart that a warp's reads meet no bank twice.
    alignas(16) T lines[kCount][kDepth + 8];
    __device__ void put(int line, int depth, T x) { lines[line][depth] = x; }
  };
  using LeftTile = Tile<kRows>;
  using RightTile = Tile<kColumns>;

  __device__ explicit TensorSums(bool) {
    const int warp = static_cast<int>(threadIdx.x) / kLanes;
    const int lane = static_cast<int>(threadIdx.x) % kLanes;
    group_ = lane / 4;
    pair_ = lane % 4 * 2;
    row_ = warp / (kColumns / kWarpColumns) * kWarpRows;
    column_ = warp % (kColumns / kWarpColumns) * kWarpColumns;
  }

  __device__ void add(const LeftTile& left, const RightTile& right) {
    MI_UNROLL
    for (int k = 0; k < kDepth; k += 16) {
      TileA a[kDown];
      TileB b[kAcross];
      MI_UNROLL
      for (int i = 0; i < kDown; ++i) {
        const T* upper = left.lines[row_ + i * 16 + group_] + k + pair_;
        const T* lower = left.lines[row_ + i * 16 + group_ + 8] + k + pair_;
        a[i] = {{load_word(upper), load_word(lower), load_word(upper + 8), load_word(lower + 8)}};
      }
      MI_UNROLL
      for (int j = 0; j < kAcross; ++j) {
        const T* from = right.lines[column_ + j * 8 + group_] + k + pair_;
        b[j] = {{load_word(from), load_word(from + 8)}};
      }
      MI_UNROLL
      for (int i = 0; i < kDown; ++i) {
        MI_UNROLL
        for (int j = 0; j < kAcross; ++j) multiply<T>(sums_[i][j], a[i], b[j]);
      }
    }
  }

  __device__ void close() {
    MI_UNROLL
    for (int i = 0; i < kDown; ++i) {
      MI_UNROLL
      for (int j = 0; j < kAcross; ++j) {
        MI_UNROLL
        for (int part = 0; part < 4; ++part) {
          blocks_[i][j].sums[part] += sums_[i][j].sums[part];
          sums_[i][j].sums[part] = 0;
        }
      }
    }
  }

  template <typename Use>
  __device__ void for_each(Use use) const {
    MI_UNROLL
    for (int i = 0; i < kDown; ++i) {
      MI_UNROLL
      for (int j = 0; j < kAcross; ++j) {
        MI_UNROLL
        for (int part = 0; part < 4; ++part) {
          use(row_ + i * 16 + group_ + part / 2 * 8, column_ + j * 8 + pair_ + part % 2,
              blocks_[i][j].sums[part] + sums_[i][j].sums[part]);
        }
      }
    }
  }

 private:
  int group_, pair_, row_, column_;
  TileC sums_[kDown][kAcross] = {};    // of the block
  TileC blocks_[kDown][kAcross] = {};  // of those before
};

template <typename T>
using LargeTensorSums = TensorSums<T, 64, 128, 32>;
template <typename T>
using SmallTensorSums = TensorSums<T, 32, 64, 16>;

}  // namespace mini_infer::cuda::product
