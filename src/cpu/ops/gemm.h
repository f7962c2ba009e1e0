#pragma once

#include <cstdint>

#include "core/function_ref.h"
#include "core/thread_pool.h"
#include "cpu/gemm/multiply.h"
#include "ops/backend.h"

namespace mini_infer::cpu {

// The tensors of one product. `bias` and `residual` may be null; `residual` may be `y`.
template <typename T>
struct GemmTensorsOf {
  const T* a = nullptr;
  const T* b = nullptr;
  const T* bias = nullptr;
  const T* residual = nullptr;
  T* y = nullptr;
};
using GemmTensors = GemmTensorsOf<float>;

// Y[rows, columns] = epilogue(A * B), Y and the residual dense. A and B are read by strides in
// elements, so that either may be transposed: a[m * a_row + k * a_depth],
// b[k * b_depth + n * b_column].
struct Gemm {
  std::int64_t rows = 0;
  std::int64_t columns = 0;
  std::int64_t depth = 0;
  std::int64_t a_row = 0;
  std::int64_t a_depth = 1;
  std::int64_t b_depth = 0;
  std::int64_t b_column = 1;
  std::int64_t bias_row = 0;
  int bias_column = 1;  // 0 or 1
  TileEpilogue epilogue = {};
  bool packed = false;  // B is packed as `panels` say
  const Simd* simd = nullptr;

  Panels panels() const { return Panels::of(*simd, depth, columns); }
  // How the kernel wants a constant B.
  ops::PackedInput packed_input(int slot) const;

  // `count` products of this form, of whatever tensors_of(index) says. T is float, or Float16 or
  // BFloat16, which are never packed.
  template <typename T>
  void run(std::int64_t count, core::FunctionRef<GemmTensorsOf<T>(std::int64_t index)> tensors_of,
           core::ThreadPool& threads) const;
};

template <>
void Gemm::run<float>(std::int64_t count, core::FunctionRef<GemmTensors(std::int64_t)> tensors_of,
                      core::ThreadPool& threads) const;

}  // namespace mini_infer::cpu
