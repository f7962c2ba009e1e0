#pragma once

#include "cuda/blocked_sums.h"
#include "cuda/product_operands.h"
#include "cuda/warp.h"

// Products of a few rows, as of one token: most of a tile would be empty, and the right operand is
// read but once. Threads share out the columns, and the depth of each.
namespace mini_infer::cuda::thin {

constexpr int kMostRows = 4;
constexpr int kWarps = static_cast<int>(kThreads) / kLanes;

// The thread's part of the sums of a column: every `step`th product from `first` on.
template <typename T, typename Right>
__device__ void sum_column(const Matrix<T>& left, const Right& right, const ProductForm& form,
                           int column, int first, int step, BlockedSums<float, kMostRows>& sums) {
  const auto right_line = right.line(column);
  typename Matrix<T>::Line lines[kMostRows];
  for (int i = 0; i < kMostRows; ++i) lines[i] = left.line(i < form.rows ? i : 0);
  int terms = 0;  // of the block
  for (int k = first; k < form.depth; k += step) {
    const float b = ops::widened(right.load(right_line, right.step(k)));
    const auto at = left.step(k);
    for (int i = 0; i < kMostRows; ++i) sums.at[i] += ops::widened(left.load(lines[i], at)) * b;
    if (++terms == ops::kSumBlock) {
      sums.close();
      terms = 0;
    }
  }
}

template <typename T>
__device__ void store(const ProductForm& form, int row, int column, float sum,
                      const Epilogue<T>& epilogue, const Stack::Offsets& offsets) {
  if (row >= form.rows || column >= form.columns) return;
  epilogue.store(sum, offsets.y + form.y_rows.at(row) + form.y_columns.at(column),
                 offsets.bias + row * form.bias_row + column * form.bias_column);
}

// Where the depth lies in memory one after the other, a warp shares a column; else its lanes have
// neighbouring columns, and the warps share the depth.
template <typename T, typename Right>
__device__ void compute_columns(const Matrix<T>& left, const Right& right, const ProductForm& form,
                                int first, const Epilogue<T>& epilogue,
                                const Stack::Offsets& offsets) {
  __shared__ float parts[kWarps][kMostRows][kLanes];
  const int lane = static_cast<int>(threadIdx.x) % kLanes;
  const int warp = static_cast<int>(threadIdx.x) / kLanes;
  const int column = first + (right.along_depth ? warp : lane);
  BlockedSums<float, kMostRows> sums;
  if (column < form.columns) {
    sum_column(left, right, form, column, right.along_depth ? lane : warp,
               right.along_depth ? kLanes : kWarps, sums);
  }
  if (right.along_depth) {
    MI_UNROLL
    for (int i = 0; i < kMostRows; ++i) {
      const float sum = warp_sum(sums.sum(i));
      if (lane == i) store(form, i, column, sum, epilogue, offsets);
    }
    return;
  }
  for (int i = 0; i < kMostRows; ++i) parts[warp][i][lane] = sums.sum(i);
  __syncthreads();
  if (warp < kMostRows) {
    float sum = 0;
    for (const auto& part : parts) sum += part[warp][lane];
    store(form, warp, column, sum, epilogue, offsets);
  }
  __syncthreads();
}

template <typename T, typename Right>
__global__ void __launch_bounds__(kThreads)
    kernel(Matrix<T> left, Right right, ProductForm form, Stack stack, Epilogue<T> epilogue) {
  const int width = right.along_depth ? kWarps : kLanes;
  const std::int64_t across = (form.columns + width - 1) / width;
  for (std::int64_t piece = blockIdx.x; piece < stack.count * across; piece += gridDim.x) {
    const Stack::Offsets offsets = stack.at(piece / across);
    Matrix<T> own_left = left;
    Right own_right = right;
    own_left.advance(offsets.left);
    own_right.advance(offsets.right);
    compute_columns(own_left, own_right, form, static_cast<int>(piece % across) * width, epilogue,
                    offsets);
  }
}

}  // namespace mini_infer::cuda::thin
