#include "cpu/ops/gemm.h"

#include <algorithm>

#include "cpu/backend.h"
#include "cpu/ops/dispatch.h"
#include "cpu/ops/epilogue.h"
#include "ops/block_sum.h"
#include "ops/gemm.h"
#include "ops/shapes.h"

namespace mini_infer::cpu {
namespace {

using core::Result;
using core::Status;
using ops::Kernel;
using ops::KernelArgs;
using ops::NodeView;

Product product_of(const Gemm& gemm, const GemmTensors& tensors) {
  return {
      .rows = gemm.rows,
      .depth = gemm.depth,
      .left_step = gemm.a_depth,
      .right = {.data = tensors.b, .panels = gemm.panels(), .row = gemm.packed ? 0 : gemm.b_depth},
      .c = tensors.y,
      .c_row = gemm.columns,
      .bias = tensors.bias,
      .bias_row = gemm.bias_row,
      .bias_column = gemm.bias_column,
      .residual = tensors.residual,
      .epilogue = gemm.epilogue};
}

// --- B packed or row by row ---

void compute_rows(const Gemm& gemm, const ProductGrid& grid, std::int64_t piece,
                  const GemmTensors& tensors) {
  const auto rows = [&](const LeftRange& range, const float** to) {
    for (int i = 0; i < range.rows; ++i) to[i] = tensors.a + (range.row + i) * gemm.a_row;
  };
  grid.compute(piece, product_of(gemm, tensors), rows, *gemm.simd);
}

// --- B by columns: pieces of it are copied into order, on the stack ---

constexpr std::int64_t kBlockRows = 16 * kMaxTileRows;
constexpr std::int64_t kBlockDepth = 3 * ops::kSumBlock;

class StridedPiece {
 public:
  StridedPiece(const Gemm& gemm, const GemmTensors& tensors, std::int64_t row, std::int64_t panel)
      : gemm_(gemm),
        tensors_(tensors),
        row_(row),
        column_(panel * gemm.panels().full_width()),
        product_(product_of(gemm, tensors)) {
    product_.rows = std::min(kBlockRows, gemm.rows - row);
    product_.right = {.data = right_, .panels = gemm.panels(), .row = 0};
    product_.right.panels.columns =
        std::min<std::int64_t>(gemm.panels().full_width(), gemm.columns - column_);
    const std::int64_t at = row * gemm.columns + column_;
    product_.c += at;
    product_.carry = &carry_;
    product_.residual = advance(product_.residual, at);
    product_.bias = advance(product_.bias, row * gemm.bias_row + column_ * gemm.bias_column);
  }

  void run() {
    std::int64_t k = 0;
    do {
      product_.depth = std::min(kBlockDepth, gemm_.depth - k);
      product_.right.panels.depth = product_.depth;
      product_.depth_before = k;
      product_.last = k + product_.depth >= gemm_.depth;
      depth_ = k;
      pack(product_.right.panels,
           {.data = bytes_at(k * gemm_.b_depth + column_ * gemm_.b_column),
            .row = gemm_.b_depth,
            .column = gemm_.b_column},
           right_, core::ThreadPool::serial());
      multiply(
          product_, [this](const LeftRange& range, const float** to) { rows(range, to); },
          *gemm_.simd, core::ThreadPool::serial());
      k += product_.depth;
    } while (k < gemm_.depth);
  }

 private:
  const std::byte* bytes_at(std::int64_t element) const {
    return reinterpret_cast<const std::byte*>(tensors_.b + element);
  }

  void rows(const LeftRange& range, const float** to) const {
    const float* a = tensors_.a + (row_ + range.row) * gemm_.a_row + depth_ * gemm_.a_depth;
    for (int i = 0; i < range.rows; ++i) to[i] = a + i * gemm_.a_row;
  }

  const Gemm& gemm_;
  const GemmTensors& tensors_;
  std::int64_t row_, column_;
  std::int64_t depth_ = 0;  // where the block of the depth begins
  Product product_;
  float right_[kBlockDepth * kMaxTileColumns];
  CarryRoom<kBlockRows, kMaxTileColumns> room_;
  const Carry carry_ = room_.carry();
};

void run_strided(const Gemm& gemm, std::int64_t count,
                 core::FunctionRef<GemmTensors(std::int64_t)> tensors_of,
                 core::ThreadPool& threads) {
  const std::int64_t blocks = (gemm.rows + kBlockRows - 1) / kBlockRows;
  const std::int64_t panels = gemm.panels().count();
  threads.run(count * blocks * panels, [&](std::int64_t piece, int) {
    const GemmTensors tensors = tensors_of(piece / (blocks * panels));
    StridedPiece(gemm, tensors, piece % blocks * kBlockRows, piece / blocks % panels).run();
  });
}

// --- The operator ---

constexpr int kRight = 1;

Gemm gemm_of(const NodeView& view, const ops::GemmGeometry& geometry, const Simd* simd) {
  Gemm gemm{.rows = geometry.rows, .columns = geometry.columns, .depth = geometry.depth};
  gemm.simd = simd;
  gemm.a_row = geometry.transpose_a ? 1 : geometry.depth;
  gemm.a_depth = geometry.transpose_a ? geometry.rows : 1;
  gemm.b_depth = geometry.transpose_b ? 1 : geometry.columns;
  gemm.b_column = geometry.transpose_b ? geometry.depth : 1;
  gemm.epilogue = tile_epilogue(view);
  gemm.epilogue.alpha = geometry.alpha;
  gemm.epilogue.beta = geometry.beta;
  if (view.has_input(2)) {
    const auto strides = ops::broadcast_strides(view.input_shape(2), view.output_shape(0));
    gemm.bias_row = strides[0];
    gemm.bias_column = static_cast<int>(strides[1]);
  }
  return gemm;
}

template <typename T>
Kernel gemm_kernel(const Gemm& gemm) {
  Kernel kernel([gemm](const KernelArgs& args) -> Status {
    const GemmTensorsOf<T> tensors{args.in<T>(0), args.in<T>(kRight), optional_input<T>(args, 2),
                                   optional_input<T>(args, 3), args.out<T>(0)};
    gemm.run<T>(
        1, [&](std::int64_t) { return tensors; }, *args.threads);
    return Status::SUCCESS;
  });
  if (gemm.packed) kernel.packed.push_back(gemm.packed_input(kRight));
  return kernel;
}

Result<Kernel> bind_gemm(const NodeView& view, const BindContext& context) {
  return for_type(view, view.input_type(0), StoredFloats{}, [&]<typename T>(T) -> Result<Kernel> {
    MI_ASSIGN(const ops::GemmGeometry geometry, ops::gemm_geometry(view));
    if (view.output_shape(0).elements() == 0) return nothing_to_do();
    Gemm gemm = gemm_of(view, geometry, context.simd);
    gemm.packed = std::is_same_v<T, float> && view.constant(kRight) != nullptr;
    return gemm_kernel<T>(gemm);
  });
}

constexpr KernelEntry kTable[] = {
    {"Gemm", bind_gemm},
    {"Gemm", bind_gemm, graph::kInternalDomain},
};

}  // namespace

ops::PackedInput Gemm::packed_input(int slot) const {
  const auto panels = this->panels();
  const std::string strides = std::to_string(b_depth) + "," + std::to_string(b_column);
  return {.slot = slot,
          .bytes = static_cast<std::size_t>(panels.elements()) * sizeof(float),
          .form = form_of(panels) + " by " + strides,
          .pack = [panels, row = b_depth, column = b_column](
                      const core::Tensor& constant, std::byte* to, core::ThreadPool& threads) {
            pack(panels, {.data = constant.bytes().data(), .row = row, .column = column},
                 reinterpret_cast<float*>(to), threads);
          }};
}

template <>
void Gemm::run<float>(std::int64_t count, core::FunctionRef<GemmTensors(std::int64_t)> tensors_of,
                      core::ThreadPool& threads) const {
  if (!packed && b_column != 1) return run_strided(*this, count, tensors_of, threads);
  const ProductGrid grid(product_of(*this, {}), *simd, threads.size(), count);
  threads.run(count * grid.pieces(), [&](std::int64_t piece, int) {
    compute_rows(*this, grid, piece % grid.pieces(), tensors_of(piece / grid.pieces()));
  });
}

extern constinit const std::span<const KernelEntry> kGemmKernels = kTable;

}  // namespace mini_infer::cpu
