#pragma once

#include <array>
#include <cstdint>

// The innermost loop of Conv, Gemm and MatMul: a few rows of X times a few columns of W, with the
// sums in registers.
namespace mini_infer::cpu {

inline constexpr int kTileRows = 4;
inline constexpr int kTileColumns = 16;

// Sums of one tile of the result.
struct Tile {
  float sums[kTileRows][kTileColumns] = {};
};

// Where the rows of X are: element k of row r is x[r][k * step[r]].
struct TileRows {
  int count = 0;
  std::array<const float*, kTileRows> x = {};
  std::array<std::int64_t, kTileRows> step = {};
};

// sums[r][c] += Σ_k x[r][k * step[r]] * w[k * w_row + c] for the `columns` first columns, one k
// after the other.
void multiply_add(const TileRows& rows, std::int64_t depth, const float* w, std::int64_t w_row,
                  int columns, Tile& tile);

}  // namespace mini_infer::cpu
