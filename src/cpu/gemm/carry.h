#pragma once

#include <cstdint>

#include "cpu/simd/table.h"

namespace mini_infer::cpu {

// Where a product that is computed part by part, along its depth, keeps its sums of blocks (see
// ops/block_sum.h): a row has `row` of them, at least as many as all its tiles are wide. Each tile
// must be cut the same way in all parts.
struct Carry {
  float* section = nullptr;
  double* total = nullptr;
  std::int64_t row = 0;

  // Those of the tile of `rows` rows that begins there.
  std::int64_t tile(std::int64_t first_row, std::int64_t rows, std::int64_t column) const {
    return first_row * row + rows * column;
  }
};

// Room for it, on the stack.
template <std::int64_t kRows, std::int64_t kColumns>
class CarryRoom {
 public:
  Carry carry() { return {section_, total_, kColumns}; }

 private:
  alignas(64) float section_[kRows * kColumns];
  alignas(64) double total_[kRows * kColumns];
};

}  // namespace mini_infer::cpu
