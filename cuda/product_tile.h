#pragma once

#include "cuda/product_operands.h"

// How a block of threads computes a tile of a product, walking along the depth: what both operands
// have there is brought to shared memory, from where every element is read as often as the tile is
// wide. How the tile is shared out among the threads is told by a class that has
//   kRows, kColumns, kDepth, kThreads    extents of a tile and of its parts; threads of a block
//   LeftTile, RightTile                  parts in shared memory, with put(line, depth, element)
//   add(left, right)                     adds up one part
//   kBlockParts, close()                 parts of a block of the sums; ends a block
//   for_each(use)                        use(row, column, sum), counted from the tile's first
namespace mini_infer::cuda::product {

// Brings one operand's part of a tile to shared memory: fetched into registers while the part
// before is still being used.
template <typename Operand, int kLines, int kDepth, int kThreads>
class Part {
  static constexpr int kCount = kLines * kDepth / kThreads;

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

  template <typename Tile>
  __device__ void store(Tile& tile) const {
    MI_UNROLL
    for (int i = 0; i < kCount; ++i) tile.put(line_of(i), depth_of(i), elements_[i]);
  }

 private:
  // Of the thread's element i; neighbours in memory belong to neighbours among the threads.
  __device__ int line_of(int i) const {
    const int at = static_cast<int>(threadIdx.x) + i * kThreads;
    return operand_.along_depth ? at / kDepth : at % kLines;
  }
  __device__ int depth_of(int i) const {
    const int at = static_cast<int>(threadIdx.x) + i * kThreads;
    return operand_.along_depth ? at % kDepth : at / kLines;
  }

  const Operand& operand_;
  bool inside_[kCount];
  typename Operand::Line lines_[kCount];
  typename Operand::Element elements_[kCount];
};

template <typename Sums>
struct Shared {
  typename Sums::LeftTile left;
  typename Sums::RightTile right;
};

template <typename T, typename Right, typename Sums>
__device__ void compute_tile(const Matrix<T>& left, const Right& right, const ProductForm& form,
                             int row, int column, const Epilogue<T>& epilogue,
                             const Stack::Offsets& offsets) {
  __shared__ Shared<Sums> shared;
  Part<Matrix<T>, Sums::kRows, Sums::kDepth, Sums::kThreads> left_part(left, row, form.rows);
  Part<Right, Sums::kColumns, Sums::kDepth, Sums::kThreads> right_part(right, column, form.columns);
  Sums sums(form.along_columns);
  left_part.fetch(0, form.depth);
  right_part.fetch(0, form.depth);
  int parts = 0;  // of the block
  for (int k = 0; k < form.depth; k += Sums::kDepth) {
    left_part.store(shared.left);
    right_part.store(shared.right);
    __syncthreads();
    left_part.fetch(k + Sums::kDepth, form.depth);
    right_part.fetch(k + Sums::kDepth, form.depth);
    sums.add(shared.left, shared.right);
    if (++parts == Sums::kBlockParts) {
      sums.close();
      parts = 0;
    }
    __syncthreads();
  }
  sums.for_each([&](int in_row, int in_column, auto sum) {
    const int at_row = row + in_row;
    const int at_column = column + in_column;
    if (at_row >= form.rows || at_column >= form.columns) return;
    epilogue.store(sum, offsets.y + form.y_rows.at(at_row) + form.y_columns.at(at_column),
                   offsets.bias + at_row * form.bias_row + at_column * form.bias_column);
  });
}

template <typename T, typename Right, typename Sums>
__global__ void __launch_bounds__(Sums::kThreads)
    kernel(Matrix<T> left, Right right, ProductForm form, Stack stack, Epilogue<T> epilogue) {
  const std::int64_t down = (form.rows + Sums::kRows - 1) / Sums::kRows;
  const std::int64_t across = (form.columns + Sums::kColumns - 1) / Sums::kColumns;
  for (std::int64_t tile = blockIdx.x; tile < stack.count * down * across; tile += gridDim.x) {
    const Stack::Offsets offsets = stack.at(tile / (down * across));
    Matrix<T> own_left = left;
    Right own_right = right;
    own_left.advance(offsets.left);
    own_right.advance(offsets.right);
    compute_tile<T, Right, Sums>(
        own_left, own_right, form, static_cast<int>(tile % down) * Sums::kRows,
        static_cast<int>(tile / down % across) * Sums::kColumns, epilogue, offsets);
  }
}

}  // namespace mini_infer::cuda::product
