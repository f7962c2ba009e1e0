#pragma once

#include <cstddef>
#include <cstdint>

#include "ops/activation.h"

// What the files in code/ offer, compiled once per instruction set. Plain values and pointers to
// functions only: the code that includes this must instantiate nothing that others share.
namespace mini_infer::cpu {

// Most rows of a tile, on any instruction set.
inline constexpr int kMaxTileRows = 12;
inline constexpr int kTileVectors = 2;

// What happens to a sum before it is stored: activation(alpha * sum + beta * bias + residual).
struct TileEpilogue {
  float alpha = 1;
  float beta = 1;
  ops::Activation activation;
};

// One tile: C[rows, columns] = epilogue(sum over taps of A_tap[rows, depth] * B_tap[depth,
// columns]). Strides in elements.
struct TileArgs {
  std::int64_t taps = 1;
  std::int64_t depth = 0;  // of one tap
  // Where row i of A_tap begins: rows[tap * kMaxTileRows + i].
  const float* const* rows = nullptr;
  // B_0, B_1, ... follow each other; a row of B has tile width elements that may be read, or, for
  // the functions of `tile_narrow`, `columns` ones.
  const float* b = nullptr;
  std::ptrdiff_t b_row = 0;
  float* c = nullptr;
  std::ptrdiff_t c_row = 0;
  // bias[i * bias_row + j * bias_column] is added to row i, column j; bias_column is 0 or 1.
  const float* bias = nullptr;  // may be null
  std::ptrdiff_t bias_row = 0;
  int bias_column = 1;
  const float* residual = nullptr;  // laid out as C; may be C; or null
  int columns = 0;                  // 1 to tile width
  bool accumulate = false;          // C holds the sum of what came before
  bool finish = true;               // apply the epilogue
  const TileEpilogue* epilogue = nullptr;
};
using TileFunction = void (*)(const TileArgs&);

struct Simd {
  const char* name = "";
  int lanes = 0;      // floats in a vector
  int tile_rows = 0;  // most rows of a tile
  // By the number of vectors of a tile's width less 1, then by the number of rows less 1.
  TileFunction tile[kTileVectors][kMaxTileRows] = {};
  TileFunction tile_narrow[kTileVectors][kMaxTileRows] = {};
  // y = activation(y), `count` elements.
  void (*activate)(const ops::Activation& activation, float* y, std::int64_t count) = nullptr;
};

}  // namespace mini_infer::cpu
