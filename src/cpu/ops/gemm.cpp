#include "cpu/ops/gemm.h"

#include <algorithm>
#include <cstring>

#include "cpu/backend.h"
#include "cpu/ops/tile.h"
#include "ops/gemm.h"
#include "ops/shapes.h"

namespace mini_infer::cpu {
namespace {

using core::DataType;
using core::Result;
using core::Status;
using ops::Kernel;
using ops::KernelArgs;
using ops::NodeView;

constexpr int kLanes = 4;
using Lanes = float __attribute__((vector_size(kLanes * sizeof(float))));

Lanes load(const float* from) {
  Lanes lanes;
  std::memcpy(&lanes, from, sizeof(Lanes));
  return lanes;
}

// B row by row: the columns of a row are neighbours.
void sum_by_rows(const Gemm& gemm, std::int64_t row, std::int64_t column, int rows, int columns,
                 const float* a, const float* b, Tile& tile) {
  TileRows x{.count = rows};
  for (int r = 0; r < rows; ++r) {
    x.x[r] = a + (row + r) * gemm.a_row;
    x.step[r] = gemm.a_depth;
  }
  multiply_add(x, gemm.depth, b + column, gemm.b_depth, columns, tile);
}

// kColumns products of a row of A with columns of B, all contiguous.
template <int kColumns>
void dot(const float* a, const float* b, std::int64_t b_column, std::int64_t depth, float* sums) {
  Lanes partial[kColumns] = {};
  std::int64_t k = 0;
  for (; k + kLanes <= depth; k += kLanes) {
    const Lanes x = load(a + k);
    for (int c = 0; c < kColumns; ++c) partial[c] += x * load(b + c * b_column + k);
  }
  for (int c = 0; c < kColumns; ++c) {
    sums[c] = (partial[c][0] + partial[c][1]) + (partial[c][2] + partial[c][3]);
    for (std::int64_t rest = k; rest < depth; ++rest) sums[c] += a[rest] * b[c * b_column + rest];
  }
}

// B column by column, A row by row: the elements along the depth are neighbours.
void sum_by_dots(const Gemm& gemm, std::int64_t row, std::int64_t column, int rows, int columns,
                 const float* a, const float* b, Tile& tile) {
  constexpr int kTogether = 4;
  for (int r = 0; r < rows; ++r) {
    const float* x = a + (row + r) * gemm.a_row;
    const float* w = b + column * gemm.b_column;
    int c = 0;
    for (; c + kTogether <= columns; c += kTogether) {
      dot<kTogether>(x, w + c * gemm.b_column, gemm.b_column, gemm.depth, &tile.sums[r][c]);
    }
    for (; c < columns; ++c) {
      dot<1>(x, w + c * gemm.b_column, gemm.b_column, gemm.depth, &tile.sums[r][c]);
    }
  }
}

void sum_by_strides(const Gemm& gemm, std::int64_t row, std::int64_t column, int rows, int columns,
                    const float* a, const float* b, Tile& tile) {
  for (int r = 0; r < rows; ++r) {
    for (int c = 0; c < columns; ++c) {
      const float* x = a + (row + r) * gemm.a_row;
      const float* w = b + (column + c) * gemm.b_column;
      float sum = 0;
      for (std::int64_t k = 0; k < gemm.depth; ++k)
        sum += x[k * gemm.a_depth] * w[k * gemm.b_depth];
      tile.sums[r][c] = sum;
    }
  }
}

Result<Kernel> bind_gemm(const NodeView& view) {
  if (view.input_type(0) != DataType::kFloat32) return view.unsupported_type(view.input_type(0));
  MI_ASSIGN(const ops::GemmGeometry geometry, ops::gemm_geometry(view));
  Gemm gemm{.rows = geometry.rows, .columns = geometry.columns, .depth = geometry.depth};
  gemm.a_row = geometry.transpose_a ? 1 : geometry.depth;
  gemm.a_depth = geometry.transpose_a ? geometry.rows : 1;
  gemm.b_depth = geometry.transpose_b ? 1 : geometry.columns;
  gemm.b_column = geometry.transpose_b ? geometry.depth : 1;
  gemm.epilogue = Epilogue::of(view);
  gemm.epilogue.alpha = geometry.alpha;
  gemm.epilogue.beta = geometry.beta;
  if (view.has_input(2)) {
    const auto strides = ops::broadcast_strides(view.input_shape(2), view.output_shape(0));
    gemm.bias_row = strides[0];
    gemm.bias_column = strides[1];
  }
  return Kernel([gemm](const KernelArgs& args) -> Status {
    gemm.run(args.in<float>(0), args.in<float>(1), optional_input(args, 2), optional_input(args, 3),
             args.out<float>(0));
    return Status::SUCCESS;
  });
}

constexpr KernelEntry kTable[] = {
    {"Gemm", bind_gemm},
    {"Gemm", bind_gemm, graph::kInternalDomain},
};

}  // namespace

void Gemm::run(const float* a, const float* b, const float* bias, const float* residual,
               float* y) const {
  if (rows == 0) return;
  const bool contiguous_depth = a_depth == 1 && b_depth == 1;
  const auto sum = contiguous_depth ? sum_by_dots : b_column == 1 ? sum_by_rows : sum_by_strides;
  // A band of columns of B stays in the cache while all rows of A pass by.
  for (std::int64_t column = 0; column < columns; column += kTileColumns) {
    const int width = static_cast<int>(std::min<std::int64_t>(kTileColumns, columns - column));
    for (std::int64_t row = 0; row < rows; row += kTileRows) {
      const int height = static_cast<int>(std::min<std::int64_t>(kTileRows, rows - row));
      Tile tile;
      if (depth > 0) sum(*this, row, column, height, width, a, b, tile);
      for (int r = 0; r < height; ++r) {
        const std::int64_t at = (row + r) * columns + column;
        epilogue.store(tile.sums[r], width,
                       advance(bias, (row + r) * bias_row + column * bias_column), bias_column,
                       advance(residual, at), y + at);
      }
    }
  }
}

extern constinit const std::span<const KernelEntry> kGemmKernels = kTable;

}  // namespace mini_infer::cpu
