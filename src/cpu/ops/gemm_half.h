#pragma once

#include "cpu/ops/gemm.h"

// Products of numbers stored in 16 bits: computed in float, rounded once.
namespace mini_infer::cpu {

// A part of a panel of the right matrix: rows from `k` on, columns from `column` on, as many as
// `panels` (a single one) says.
struct PanelPart {
  std::int64_t k = 0;
  std::int64_t column = 0;
  Panels panels;
};

// Writes a part of B as floats, row by row; what is beyond the last column is 0 already.
template <typename T>
using PackPart = core::FunctionRef<void(const T* b, const PanelPart& part, float* to)>;

// `count` products of this form, their right matrices being whatever `pack` makes of B. T is
// Float16 or BFloat16.
template <typename T>
void run_half(const Gemm& gemm, std::int64_t count,
              core::FunctionRef<GemmTensorsOf<T>(std::int64_t index)> tensors_of, PackPart<T> pack,
              core::ThreadPool& threads);

}  // namespace mini_infer::cpu
