#pragma once

#include "cuda/product_operands.h"
#include "cuda/tensor_core.h"

// The product of 16-bit elements on tensor cores: a block's warps share a tile of the result, a
// part of the depth of both operands is brought to shared memory at a time.
namespace mini_infer::cuda::tensor_product {

constexpr int kDepth = 32;         // of a tile
constexpr int kLine = kDepth + 8;  // apart in shared memory: a warp's reads meet no bank twice
constexpr int kWarpColumns = 32;   // of the result, of a warp

// kRows by kColumns results of a block; kWarpRows by kWarpColumns of a warp.
template <int kRowCount, int kColumnCount, int kWarpRowCount>
struct TileSize {
  static constexpr int kRows = kRowCount;
  static constexpr int kColumns = kColumnCount;
  static constexpr int kWarpRows = kWarpRowCount;
  static constexpr int kThreads = kRows / kWarpRows * (kColumns / kWarpColumns) * kLanes;
};
using Large = TileSize<64, 128, 32>;
using Small = TileSize<32, 64, 16>;

// One operand's part of a tile: fetched into registers while the part before is still being used.
template <typename Operand, int kLines, int kThreadCount>
class Part {
  using T = typename Operand::Element;
  static constexpr int kCount = kLines * kDepth / kThreadCount;

 public:
  __device__ Part(const Operand& operand, int first, int count) : operand_(operand) {
    MI_UNROLL
    for (int i = 0; i < kCount; ++i) {
      const int line = first + line_of(i);
      inside_[i] = line < count;
      lines_[i] = operand_.line(inside_[i] ? line : 0);
    }
  }

  __device__ void fetch(int first, int depth) {
    MI_UNROLL
    for (int i = 0; i < kCount; ++i) {
      const int k = first + depth_of(i);
      elements_[i] = {};
      if (inside_[i] && k < depth) elements_[i] = operand_.load(lines_[i], operand_.step(k));
    }
  }

  __device__ void store(T* tile) const {
    MI_UNROLL
    for (int i = 0; i < kCount; ++i) tile[line_of(i) * kLine + depth_of(i)] = elements_[i];
  }

 private:
  // Of the thread's element i; neighbours in memory belong to neighbours among the threads.
  __device__ int line_of(int i) const {
    const int at = static_cast<int>(threadIdx.x) + i * kThreadCount;
    return operand_.along_depth ? at / kDepth : at % kLines;
  }
  __device__ int depth_of(int i) const {
    const int at = static_cast<int>(threadIdx.x) + i * kThreadCount;
    return operand_.along_depth ? at % kDepth : at / kLines;
  }

  const Operand& operand_;
  bool inside_[kCount];
  typename Operand::Line lines_[kCount];
  T elements_[kCount];
};

template <typename T, typename Size>
struct Shared {
  alignas(16) T left[Size::kRows * kLine];
  alignas(16) T right[Size::kColumns * kLine];
};

// The results of a warp.
template <typename T, typename Size>
class Sums {
  static constexpr int kDown = Size::kWarpRows / 16;
  static constexpr int kAcross = kWarpColumns / 8;

 public:
  __device__ Sums() {
    const int warp = static_cast<int>(threadIdx.x) / kLanes;
    const int lane = static_cast<int>(threadIdx.x) % kLanes;
    group_ = lane / 4;
    pair_ = lane % 4 * 2;
    row_ = warp / (Size::kColumns / kWarpColumns) * Size::kWarpRows;
    column_ = warp % (Size::kColumns / kWarpColumns) * kWarpColumns;
  }

  __device__ void add(const T* left, const T* right) {
    MI_UNROLL
    for (int k = 0; k < kDepth; k += 16) {
      TileA a[kDown];
      TileB b[kAcross];
      MI_UNROLL
      for (int i = 0; i < kDown; ++i) {
        const T* from = left + (row_ + i * 16 + group_) * kLine + k + pair_;
        a[i] = {{load_word(from), load_word(from + 8 * kLine), load_word(from + 8),
                 load_word(from + 8 * kLine + 8)}};
      }
      MI_UNROLL
      for (int j = 0; j < kAcross; ++j) {
        const T* from = right + (column_ + j * 8 + group_) * kLine + k + pair_;
        b[j] = {{load_word(from), load_word(from + 8)}};
      }
      MI_UNROLL
      for (int i = 0; i < kDown; ++i) {
        MI_UNROLL
        for (int j = 0; j < kAcross; ++j) multiply<T>(sums_[i][j], a[i], b[j]);
      }
    }
  }

  // use(row, column, sum) for each, counted from the tile's first.
  template <typename Use>
  __device__ void for_each(Use use) const {
    MI_UNROLL
    for (int i = 0; i < kDown; ++i) {
      MI_UNROLL
      for (int j = 0; j < kAcross; ++j) {
        MI_UNROLL
        for (int part = 0; part < 4; ++part) {
          use(row_ + i * 16 + group_ + part / 2 * 8, column_ + j * 8 + pair_ + part % 2,
              sums_[i][j].sums[part]);
        }
      }
    }
  }

 private:
  int group_, pair_, row_, column_;
  TileC sums_[kDown][kAcross] = {};
};

template <typename T, typename Right, typename Size>
__device__ void compute_tile(const Matrix<T>& left, const Right& right, const ProductForm& form,
                             int row, int column, const Epilogue<T>& epilogue,
                             const Stack::Offsets& offsets) {
  __shared__ Shared<T, Size> shared;
  Part<Matrix<T>, Size::kRows, Size::kThreads> left_part(left, row, form.rows);
  Part<Right, Size::kColumns, Size::kThreads> right_part(right, column, form.columns);
  Sums<T, Size> sums;
  left_part.fetch(0, form.depth);
  right_part.fetch(0, form.depth);
  for (int k = 0; k < form.depth; k += kDepth) {
    left_part.store(shared.left);
    right_part.store(shared.right);
    __syncthreads();
    left_part.fetch(k + kDepth, form.depth);
    right_part.fetch(k + kDepth, form.depth);
    sums.add(shared.left, shared.right);
    __syncthreads();
  }
  sums.for_each([&](int in_row, int in_column, float sum) {
    const int at_row = row + in_row;
    const int at_column = column + in_column;
    if (at_row >= form.rows || at_column >= form.columns) return;
    epilogue.store(sum, offsets.y + form.y_rows.at(at_row) + form.y_columns.at(at_column),
                   offsets.bias + at_row * form.bias_row + at_column * form.bias_column);
  });
}

template <typename Size>
std::int64_t tiles(const ProductForm& form, const Stack& stack) {
  return stack.count * ((form.rows + Size::kRows - 1) / Size::kRows) *
         ((form.columns + Size::kColumns - 1) / Size::kColumns);
}

template <typename T, typename Right, typename Size>
__global__ void __launch_bounds__(Size::kThreads)
    kernel(Matrix<T> left, Right right, ProductForm form, Stack stack, Epilogue<T> epilogue) {
  const std::int64_t down = (form.rows + Size::kRows - 1) / Size::kRows;
  const std::int64_t across = (form.columns + Size::kColumns - 1) / Size::kColumns;
  for (std::int64_t tile = blockIdx.x; tile < stack.count * down * across; tile += gridDim.x) {
    const Stack::Offsets offsets = stack.at(tile / (down * across));
    Matrix<T> own_left = left;
    Right own_right = right;
    own_left.advance(offsets.left);
    own_right.advance(offsets.right);
    compute_tile<T, Right, Size>(
        own_left, own_right, form, static_cast<int>(tile % down) * Size::kRows,
        static_cast<int>(tile / down % across) * Size::kColumns, epilogue, offsets);
  }
}

}  // namespace mini_infer::cuda::tensor_product
