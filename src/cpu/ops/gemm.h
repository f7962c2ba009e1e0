#pragma once

#include <cstdint>

#include "cpu/ops/epilogue.h"

namespace mini_infer::cpu {

// Y[rows, columns] = epilogue(A * B), Y dense. A and B are read by strides in elements, so that
// either may be transposed: a[m * a_row + k * a_depth], b[k * b_depth + n * b_column].
struct Gemm {
  std::int64_t rows = 0;
  std::int64_t columns = 0;
  std::int64_t depth = 0;
  std::int64_t a_row = 0;
  std::int64_t a_depth = 1;
  std::int64_t b_depth = 0;
  std::int64_t b_column = 1;
  std::int64_t bias_row = 0;
  std::int64_t bias_column = 0;
  Epilogue epilogue = {};

  // `bias` and `residual` may be null; `residual` may be `y`.
  void run(const float* a, const float* b, const float* bias, const float* residual,
           float* y) const;
};

}  // namespace mini_infer::cpu
