#include "cpu/ops/gemm_half.h"

#include <algorithm>

#include "cpu/gemm/share.h"
#include "cpu/ops/epilogue.h"
#include "ops/block_sum.h"
#include "ops/convert.h"

namespace mini_infer::cpu {
namespace {

// What a piece keeps on the stack: some 310 KiB.
constexpr std::int64_t kBlockRows = 8 * kMaxTileRows;
constexpr std::int64_t kBlockDepth = 3 * ops::kSumBlock;
constexpr std::int64_t kBlockPanels = 2;
constexpr std::int64_t kBlockColumns = kBlockPanels * kMaxTileColumns;

// Copies a matrix whose rows or columns are dense; the rows of the copy are `to_row` apart.
struct WidenBlock {
  std::int64_t rows, row_step;
  std::int64_t columns, column_step;
  float* to;
  std::int64_t to_row;

  template <typename T>
  void run(const T* from, WidenFunction widen) const {
    if (column_step == 1) {
      for (std::int64_t i = 0; i < rows; ++i) widen(from + i * row_step, to + i * to_row, columns);
      return;
    }
    for (std::int64_t j = 0; j < columns; ++j) {
      float column[std::max(kBlockRows, kBlockDepth)];
      widen(from + j * column_step, column, rows);
      for (std::int64_t i = 0; i < rows; ++i) to[i * to_row + j] = column[i];
    }
  }
};

// A block of rows times some panels, walked in blocks of the depth that are widened to float.
template <typename T>
class HalfPiece {
 public:
  HalfPiece(const Gemm& gemm, const GemmTensorsOf<T>& tensors, Share rows, Share panels)
      : gemm_(gemm),
        tensors_(tensors),
        loops_(gemm.simd->loops_of<T>()),
        row_(rows.first),
        rows_(rows.last - rows.first),
        column_(panels.first * gemm.panels().full_width()),
        columns_(std::min(panels.last * gemm.panels().full_width(), gemm.columns) - column_) {}

  void run(PackPart<T> pack) {
    Product product = this->product();
    std::int64_t k = 0;
    do {
      product.depth = std::min(kBlockDepth, gemm_.depth - k);
      product.right.panels.depth = product.depth;
      product.depth_before = k;
      product.last = k + product.depth >= gemm_.depth;
      widen_left(k, product.depth);
      widen_right(k, product.right.panels, pack);
      multiply(product, rows_of(left_), *gemm_.simd, core::ThreadPool::serial());
      k += product.depth;
    } while (k < gemm_.depth);
    store();
  }

 private:
  Product product() {
    Product product{.rows = rows_,
                    .right = {.data = right_, .panels = Panels::of(*gemm_.simd, 0, columns_)},
                    .c = c_,
                    .c_row = kBlockColumns,
                    .epilogue = gemm_.epilogue,
                    .carry = &carry_};
    if (tensors_.bias != nullptr || tensors_.residual != nullptr) {
      widen_addends();
      product.residual = addends_;
    }
    return product;
  }

  static auto rows_of(const float* left) {
    return [left](const LeftRange& range, const float** to) {
      for (int i = 0; i < range.rows; ++i) to[i] = left + (range.row + i) * kBlockDepth;
    };
  }

  void widen_left(std::int64_t k, std::int64_t depth) {
    const WidenBlock block{.rows = rows_,
                           .row_step = gemm_.a_row,
                           .columns = depth,
                           .column_step = gemm_.a_depth,
                           .to = left_,
                           .to_row = kBlockDepth};
    block.run(tensors_.a + row_ * gemm_.a_row + k * gemm_.a_depth, loops_.widen);
  }

  void widen_right(std::int64_t k, const Panels& panels, PackPart<T> pack) {
    for (std::int64_t panel = 0; panel < panels.count(); ++panel) {
      const std::int64_t column = panel * panels.full_width();
      const std::int64_t columns =
          std::min<std::int64_t>(panels.full_width(), panels.columns - column);
      const Panels one = Panels::of(*gemm_.simd, panels.depth, columns);
      float* to = right_ + panels.offset(panel);
      if (columns < one.width(0)) std::fill_n(to, one.elements(), 0.0f);
      pack(tensors_.b, {k, column_ + column, one}, to);
    }
  }

  // beta * bias + residual
  void widen_addends() {
    for (std::int64_t i = 0; i < rows_; ++i) {
      const std::int64_t row = row_ + i;
      const T* bias = advance(tensors_.bias, row * gemm_.bias_row + column_ * gemm_.bias_column);
      const T* residual = advance(tensors_.residual, row * gemm_.columns + column_);
      float* to = addends_ + i * kBlockColumns;
      for (std::int64_t j = 0; j < columns_; ++j) {
        to[j] = bias == nullptr ? 0.0f
                                : gemm_.epilogue.beta * ops::widened(bias[j * gemm_.bias_column]);
        if (residual != nullptr) to[j] += ops::widened(residual[j]);
      }
    }
  }

  void store() const {
    for (std::int64_t i = 0; i < rows_; ++i) {
      T* to = tensors_.y + (row_ + i) * gemm_.columns + column_;
      loops_.narrow(c_ + i * kBlockColumns, to, columns_);
    }
  }

  const Gemm& gemm_;
  const GemmTensorsOf<T>& tensors_;
  const FloatLoops& loops_;
  std::int64_t row_, rows_;
  std::int64_t column_, columns_;
  float left_[kBlockRows * kBlockDepth];
  float right_[kBlockDepth * kBlockColumns];
  float c_[kBlockRows * kBlockColumns];
  float addends_[kBlockRows * kBlockColumns];
  CarryRoom<kBlockRows, kBlockColumns> room_;
  const Carry carry_ = room_.carry();
};

}  // namespace

template <typename T>
void run_half(const Gemm& gemm, std::int64_t count,
              core::FunctionRef<GemmTensorsOf<T>(std::int64_t)> tensors_of, PackPart<T> pack,
              core::ThreadPool& threads) {
  const std::int64_t blocks = ceil_div(gemm.rows, kBlockRows);
  const std::int64_t panels = gemm.panels().count();
  const std::int64_t groups = ceil_div(panels, kBlockPanels);
  threads.run(count * blocks * groups, [&](std::int64_t piece, int) {
    const GemmTensorsOf<T> tensors = tensors_of(piece / (blocks * groups));
    const std::int64_t panel = piece / blocks % groups * kBlockPanels;
    HalfPiece<T>(gemm, tensors, share(gemm.rows, piece % blocks, blocks),
                 {panel, std::min(panel + kBlockPanels, panels)})
        .run(pack);
  });
}

template <typename T>
void Gemm::run(std::int64_t count, core::FunctionRef<GemmTensorsOf<T>(std::int64_t)> tensors_of,
               core::ThreadPool& threads) const {
  const auto pack_part = [this](const T* b, const PanelPart& part, float* to) {
    const WidenBlock block{.rows = part.panels.depth,
                           .row_step = b_depth,
                           .columns = part.panels.columns,
                           .column_step = b_column,
                           .to = to,
                           .to_row = part.panels.width(0)};
    block.run(b + part.k * b_depth + part.column * b_column, simd->loops_of<T>().widen);
  };
  run_half<T>(*this, count, tensors_of, pack_part, threads);
}

template void run_half(const Gemm&, std::int64_t,
                       core::FunctionRef<GemmTensorsOf<ops::Float16>(std::int64_t)>,
                       PackPart<ops::Float16>, core::ThreadPool&);
template void run_half(const Gemm&, std::int64_t,
                       core::FunctionRef<GemmTensorsOf<ops::BFloat16>(std::int64_t)>,
                       PackPart<ops::BFloat16>, core::ThreadPool&);
template void Gemm::run<ops::Float16>(std::int64_t,
                                      core::FunctionRef<GemmTensorsOf<ops::Float16>(std::int64_t)>,
                                      core::ThreadPool&) const;
template void Gemm::run<ops::BFloat16>(
    std::int64_t, core::FunctionRef<GemmTensorsOf<ops::BFloat16>(std::int64_t)>,
    core::ThreadPool&) const;

}  // namespace mini_infer::cpu
