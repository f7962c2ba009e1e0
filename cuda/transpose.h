#pragma once

#include "cuda/each.h"
#include "cuda/walk.h"

namespace mini_infer::cuda {

// A copy in which neighbours of the source lie along rows, those of the destination along columns:
// `walk` over the other axes. Strides of rows in the source and of columns in the destination
// are 1.
struct Transposition {
  std::int64_t rows, row_to;
  std::int64_t columns, column_from;
  Walk<2> walk;
};

// By tiles of shared memory: both sides are passed along their neighbours.
template <typename T>
struct TransposeBody {
  static constexpr int kTile = sizeof(T) < 4 ? 64 : 32;
  static constexpr int kLanes = 32, kRows = 8;  // threads of a block

  const T* from;
  T* to;
  Transposition shape;
  std::int64_t row_tiles, column_tiles;

  // visit(row, column, place) for the elements of a tile, from its corner on.
  template <typename Visit>
  static __device__ void for_tile(std::int64_t outer, std::int64_t inner, Visit visit) {
    for (int i = threadIdx.y; i < kTile && i < outer; i += kRows) {
      for (int j = threadIdx.x; j < kTile && j < inner; j += kLanes) visit(i, j);
    }
  }

  __device__ void operator()(std::int64_t block, T (*tile)[kTile + 1]) const {
    auto rest = static_cast<std::uint64_t>(block);
    const std::int64_t column = take_axis(rest, column_tiles) * kTile;
    const std::int64_t row = take_axis(rest, row_tiles) * kTile;
    const auto offsets = shape.walk.at(static_cast<std::int64_t>(rest));
    const T* source = from + offsets.of[0] + row + column * shape.column_from;
    T* destination = to + offsets.of[1] + row * shape.row_to + column;
    for_tile(shape.columns - column, shape.rows - row,
             [&](int i, int j) { tile[i][j] = source[i * shape.column_from + j]; });
    __syncthreads();
    for_tile(shape.rows - row, shape.columns - column,
             [&](int i, int j) { destination[i * shape.row_to + j] = tile[j][i]; });
    __syncthreads();
  }
};

template <typename T>
__global__ void transpose_kernel(TransposeBody<T> body, std::int64_t tiles) {
  __shared__ T tile[TransposeBody<T>::kTile][TransposeBody<T>::kTile + 1];
  for (std::int64_t block = blockIdx.x; block < tiles; block += gridDim.x) body(block, tile);
}

template <typename T>
[[nodiscard]] core::Status transpose(const Transposition& shape, const T* from, T* to,
                                     ops::Queue queue) {
  using Body = TransposeBody<T>;
  const std::int64_t row_tiles = (shape.rows + Body::kTile - 1) / Body::kTile;
  const std::int64_t column_tiles = (shape.columns + Body::kTile - 1) / Body::kTile;
  const std::int64_t tiles = shape.walk.count * row_tiles * column_tiles;
  return launch(
      "transpose", transpose_kernel<T>,
      {.blocks = blocks_for(tiles, 1), .threads = {Body::kLanes, Body::kRows}, .barriers = true},
      queue, Body{from, to, shape, row_tiles, column_tiles}, tiles);
}

}  // namespace mini_infer::cuda
