#pragma once

#include "cuda/product_tensor.h"
#include "cuda/product_thin.h"

// The matrix product that Gemm, MatMul, Conv, ConvTranspose and Einsum have in common. A block of
// threads computes a square tile of the result, walking along the depth: what both operands have
// there is brought to shared memory, from where every element is read as often as the tile is wide.
namespace mini_infer::cuda {

namespace product {

constexpr int kDepth = 16;  // of a tile
constexpr int kPad = 4;     // keeps rows of a tile in different banks, and its packs aligned
// A block's threads are a square too.
constexpr int thread_side(int side) { return side < 64 ? 8 : 16; }
constexpr int threads(int side) { return thread_side(side) * thread_side(side); }

// Brings one operand's part of a tile, kSide lines, to shared memory: fetched into registers while
// the part before is still being used.
template <typename Operand, int kSide>
class Part {
  using Sum = ops::Wide<typename Operand::Element>;
  static constexpr int kCount = kSide * kDepth / threads(kSide);

 public:
  using Tile = Sum[kDepth][kSide + kPad];

  __device__ Part(const Operand& operand, int first, int count) : operand_(operand) {
    for (int i = 0; i < kCount; ++i) {
      const int line = first + line_of(i);
      inside_[i] = line < count;
      lines_[i] = operand_.line(inside_[i] ? line : 0);
    }
  }

  __device__ void fetch(int first, int depth) {
    for (int i = 0; i < kCount; ++i) {
      const int k = first + depth_of(i);
      elements_[i] = {};
      if (inside_[i] && k < depth) elements_[i] = operand_.load(lines_[i], operand_.step(k));
    }
  }

  __device__ void store(Tile& tile) const {
    for (int i = 0; i < kCount; ++i) tile[depth_of(i)][line_of(i)] = ops::widened(elements_[i]);
  }

 private:
  // Of the thread's element i; neighbours in memory belong to neighbours among the threads.
  __device__ int line_of(int i) const {
    const int at = static_cast<int>(threadIdx.x) + i * threads(kSide);
    return operand_.along_depth ? at / kDepth : at % kSide;
  }
  __device__ int depth_of(int i) const {
    const int at = static_cast<int>(threadIdx.x) + i * threads(kSide);
    return operand_.along_depth ? at % kDepth : at / kSide;
  }

  const Operand& operand_;
  bool inside_[kCount];
  typename Operand::Line lines_[kCount];
  typename Operand::Element elements_[kCount];
};

// The sums of one thread: some rows times as many columns of the tile, in groups of neighbours.
template <typename Sum, int kSide>
class Sums {
  static constexpr int kThreadSide = thread_side(kSide);
  static constexpr int kPer = kSide / kThreadSide;
  static constexpr int kGroup = 4;

 public:
  __device__ explicit Sums(bool along_columns) {
    const int x = static_cast<int>(threadIdx.x) % kThreadSide;
    const int y = static_cast<int>(threadIdx.x) / kThreadSide;
    row_ = (along_columns ? y : x) * kGroup;
    column_ = (along_columns ? x : y) * kGroup;
    for (auto& row : sums_) {
      for (Sum& sum : row) sum = 0;
    }
  }

  template <typename Tile>
  __device__ void add(const Tile& left, const Tile& right) {
    for (int k = 0; k < kDepth; ++k) {
      Sum a[kPer];
      Sum b[kPer];
      for (int i = 0; i < kPer; ++i) a[i] = left[k][row_ + place_of(i)];
      for (int i = 0; i < kPer; ++i) b[i] = right[k][column_ + place_of(i)];
      for (int i = 0; i < kPer; ++i) {
        for (int j = 0; j < kPer; ++j) sums_[i][j] += a[i] * b[j];
      }
    }
  }

  // use(row, column, sum) for each, counted from the tile's first.
  template <typename Use>
  __device__ void for_each(Use use) const {
    MI_UNROLL
    for (int i = 0; i < kPer; ++i) {
      MI_UNROLL
      for (int j = 0; j < kPer; ++j) use(row_ + place_of(i), column_ + place_of(j), sums_[i][j]);
    }
  }

 private:
  static __device__ constexpr int place_of(int i) {
    return i / kGroup * kGroup * kThreadSide + i % kGroup;
  }

  int row_, column_;
  Sum sums_[kPer][kPer];
};

template <typename T, typename Right, int kSide>
__device__ void compute_tile(const Matrix<T>& left, const Right& right, const ProductForm& form,
                             int row, int column, const Epilogue<T>& epilogue,
                             const Stack::Offsets& offsets) {
  using Sum = ops::Wide<T>;
  __shared__ Sum left_tile[kDepth][kSide + kPad];
  __shared__ Sum right_tile[kDepth][kSide + kPad];
  Part<Matrix<T>, kSide> left_part(left, row, form.rows);
  Part<Right, kSide> right_part(right, column, form.columns);
  Sums<Sum, kSide> sums(form.along_columns);
  left_part.fetch(0, form.depth);
  right_part.fetch(0, form.depth);
  for (int k = 0; k < form.depth; k += kDepth) {
    left_part.store(left_tile);
    right_part.store(right_tile);
    __syncthreads();
    left_part.fetch(k + kDepth, form.depth);
    right_part.fetch(k + kDepth, form.depth);
    sums.add(left_tile, right_tile);
    __syncthreads();
  }
  sums.for_each([&](int in_row, int in_column, Sum sum) {
    const int at_row = row + in_row;
    const int at_column = column + in_column;
    if (at_row >= form.rows || at_column >= form.columns) return;
    epilogue.store(sum, offsets.y + form.y_rows.at(at_row) + form.y_columns.at(at_column),
                   offsets.bias + at_row * form.bias_row + at_column * form.bias_column);
  });
}

template <typename T, typename Right, int kSide>
__global__ void __launch_bounds__(threads(kSide))
    kernel(Matrix<T> left, Right right, ProductForm form, Stack stack, Epilogue<T> epilogue) {
  const std::int64_t down = (form.rows + kSide - 1) / kSide;
  const std::int64_t across = (form.columns + kSide - 1) / kSide;
  for (std::int64_t tile = blockIdx.x; tile < stack.count * down * across; tile += gridDim.x) {
    const Stack::Offsets offsets = stack.at(tile / (down * across));
    Matrix<T> own_left = left;
    Right own_right = right;
    own_left.advance(offsets.left);
    own_right.advance(offsets.right);
    compute_tile<T, Right, kSide>(own_left, own_right, form, static_cast<int>(tile % down) * kSide,
                                  static_cast<int>(tile / down % across) * kSide, epilogue,
                                  offsets);
  }
}

}  // namespace product

// Products of one form that are run together.
template <typename T, typename Right>
struct Product {
  Matrix<T> left;
  Right right;
  ProductForm form;
  Stack stack;
  Epilogue<T> epilogue;

  core::Status run(const T* left_data, const T* right_data, const ops::KernelArgs& args) const {
    if constexpr (std::is_same_v<Right, Matrix<T>> && std::is_same_v<ops::Wide<T>, float>) {
      if (form.rows <= thin::kMostRows) return run_thin(left_data, right_data, args);
    }
    // Enough tiles to keep a large GPU busy, and then as large ones as possible.
    constexpr std::int64_t kEnough = 128;
    if constexpr (sizeof(T) == 2 && std::is_same_v<ops::Wide<T>, float>) {
      constexpr int kWorthIt = 8;  // else most of a tile is empty
      if (form.columns < kWorthIt || form.depth < kWorthIt) {
        return run<32>(left_data, right_data, args);
      }
      return tensor_product::tiles<tensor_product::Large>(form, stack) >= kEnough
                 ? run_on_tensor_cores<tensor_product::Large>(left_data, right_data, args)
                 : run_on_tensor_cores<tensor_product::Small>(left_data, right_data, args);
    }
    if constexpr (std::is_same_v<ops::Wide<T>, float>) {
      if (tiles(128) >= kEnough) return run<128>(left_data, right_data, args);
      if (tiles(64) >= kEnough) return run<64>(left_data, right_data, args);
    }
    return run<32>(left_data, right_data, args);
  }

 private:
  std::int64_t tiles(std::int64_t side) const {
    return stack.count * ((form.rows + side - 1) / side) * ((form.columns + side - 1) / side);
  }

  template <int kSide>
  core::Status run(const T* left_data, const T* right_data, const ops::KernelArgs& args) const {
    return start(product::kernel<T, Right, kSide>, tiles(kSide), product::threads(kSide), left_data,
                 right_data, args);
  }

  template <typename Size>
  core::Status run_on_tensor_cores(const T* left_data, const T* right_data,
                                   const ops::KernelArgs& args) const {
    return start(tensor_product::kernel<T, Right, Size>, tensor_product::tiles<Size>(form, stack),
                 Size::kThreads, left_data, right_data, args);
  }

  core::Status run_thin(const T* left_data, const T* right_data,
                        const ops::KernelArgs& args) const {
    const std::int64_t width = right.along_depth ? thin::kWarps : kLanes;
    return start(thin::kernel<T, Right>, stack.count * ((form.columns + width - 1) / width),
                 kThreads, left_data, right_data, args);
  }

  template <typename Started>
  core::Status start(Started kernel, std::int64_t pieces, unsigned threads, const T* left_data,
                     const T* right_data, const ops::KernelArgs& args) const {
    Product bound = *this;
    bound.left.data = left_data;
    bound.right.data = right_data;
    return launch("product", kernel,
                  {.blocks = blocks_for(pieces, 1), .threads = threads, .barriers = true},
                  args.queue, bound.left, bound.right, form, stack, epilogue.on(args));
  }
};

}  // namespace mini_infer::cuda
