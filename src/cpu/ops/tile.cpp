#include "cpu/ops/tile.h"

#include <cstring>

namespace mini_infer::cpu {
namespace {

using Float4 = float __attribute__((vector_size(16)));

template <typename Lanes>
Lanes load(const float* from) {
  Lanes lanes;
  std::memcpy(&lanes, from, sizeof(Lanes));
  return lanes;
}

// `kRows` rows from `first` on, times kVectors vectors of columns from `column` on.
template <typename Lanes, int kVectors, int kRows>
void multiply_rows(const TileRows& rows, int first, std::int64_t depth, const float* w,
                   std::int64_t w_row, int column, Tile& tile) {
  constexpr int kLanes = sizeof(Lanes) / sizeof(float);
  Lanes sums[kRows][kVectors];
  const float* x[kRows];
  for (int r = 0; r < kRows; ++r) {
    x[r] = rows.x[first + r];
    for (int v = 0; v < kVectors; ++v) {
      sums[r][v] = load<Lanes>(&tile.sums[first + r][column + v * kLanes]);
    }
  }
  for (std::int64_t k = 0; k < depth; ++k) {
    Lanes weights[kVectors];
    for (int v = 0; v < kVectors; ++v) {
      weights[v] = load<Lanes>(w + k * w_row + column + v * kLanes);
    }
    for (int r = 0; r < kRows; ++r) {
      for (int v = 0; v < kVectors; ++v) sums[r][v] += x[r][k * rows.step[first + r]] * weights[v];
    }
  }
  for (int r = 0; r < kRows; ++r) {
    std::memcpy(&tile.sums[first + r][column], sums[r], sizeof(sums[r]));
  }
}

template <typename Lanes, int kVectors>
void multiply_columns(const TileRows& rows, std::int64_t depth, const float* w, std::int64_t w_row,
                      int column, Tile& tile) {
  if (rows.count == kTileRows) {
    return multiply_rows<Lanes, kVectors, kTileRows>(rows, 0, depth, w, w_row, column, tile);
  }
  for (int r = 0; r < rows.count; ++r) {
    multiply_rows<Lanes, kVectors, 1>(rows, r, depth, w, w_row, column, tile);
  }
}

}  // namespace

void multiply_add(const TileRows& rows, std::int64_t depth, const float* w, std::int64_t w_row,
                  int columns, Tile& tile) {
  int column = 0;
  for (; columns - column >= 16; column += 16) {
    multiply_columns<Float4, 4>(rows, depth, w, w_row, column, tile);
  }
  for (; columns - column >= 8; column += 8) {
    multiply_columns<Float4, 2>(rows, depth, w, w_row, column, tile);
  }
  for (; columns - column >= 4; column += 4) {
    multiply_columns<Float4, 1>(rows, depth, w, w_row, column, tile);
  }
  for (; column < columns; ++column) {
    multiply_columns<float, 1>(rows, depth, w, w_row, column, tile);
  }
}

}  // namespace mini_infer::cpu
