#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "core/function_ref.h"
#include "core/thread_pool.h"
#include "cpu/gemm/carry.h"
#include "cpu/gemm/panels.h"
#include "cpu/simd/table.h"

namespace mini_infer::cpu {

// Some rows of some taps of the left matrix.
struct LeftRange {
  std::int64_t row = 0;
  int rows = 0;  // at most kMaxTileRows
  std::int64_t tap = 0;
  std::int64_t taps = 0;
};

// Where rows of the left matrix begin: writes the address of row `row + i` of tap `tap + t` to
// to[t * kMaxTileRows + i].
using LeftRows = core::FunctionRef<void(const LeftRange& range, const float** to)>;

// The right matrix: packed, or row by row as it is.
struct RightMatrix {
  const float* data = nullptr;
  Panels panels;
  // Elements from a row to the next where it is not packed; 0: packed.
  std::int64_t row = 0;
};

// C[rows, columns] = epilogue(sum over taps of A_tap * B_tap): a matrix product whose left rows may
// lie anywhere, so that it serves convolutions as well. The rows of B_0, B_1, ... follow each
// other.
struct Product {
  std::int64_t rows = 0;
  std::int64_t taps = 1;
  std::int64_t depth = 0;      // of one tap
  std::int64_t left_step = 1;  // from an element of a left row to the next
  // Rows whose left addresses are asked for before the first of them is read; 0: as many as suit.
  std::int64_t block_rows = 0;
  RightMatrix right;
  // As many packed bytes as one panel of `right` has, read after this product, or null.
  const float* next = nullptr;
  float* c = nullptr;
  std::int64_t c_row = 0;       // elements from a row of C to the next, also of the residual
  const float* bias = nullptr;  // see TileArgs; bias_column is 0 or 1
  std::int64_t bias_row = 0;
  int bias_column = 1;
  const float* residual = nullptr;  // may be C, or null
  TileEpilogue epilogue;
  // Of a product that is computed part by part: see TileArgs.
  std::int64_t depth_before = 0;
  bool last = true;
  const Carry* carry = nullptr;
};

// How a product is cut into pieces that threads share out: blocks of rows times groups of panels.
// Which thread computes a piece, and how it is cut, changes no sum.
class ProductGrid {
 public:
  // `copies` products of this size are computed side by side.
  ProductGrid(const Product& product, const Simd& simd, int threads, std::int64_t copies = 1);

  std::int64_t pieces() const { return row_blocks_ * groups_; }
  void compute(std::int64_t piece, const Product& product, LeftRows left, const Simd& simd) const;

 private:
  std::int64_t tiles_ = 0;  // of rows
  std::int64_t row_blocks_ = 0;
  std::int64_t groups_ = 1;
};

// All pieces, on the threads.
void multiply(const Product& product, LeftRows left, const Simd& simd, core::ThreadPool& threads);

}  // namespace mini_infer::cpu
