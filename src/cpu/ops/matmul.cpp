#include "ops/matmul.h"

#include <algorithm>

#include "cpu/backend.h"
#include "cpu/ops/dispatch.h"
#include "cpu/ops/epilogue.h"
#include "cpu/ops/gemm.h"

namespace mini_infer::cpu {
namespace {

using core::DataType;
using core::Result;
using core::Status;
using ops::Kernel;
using ops::KernelArgs;
using ops::MatMulGeometry;
using ops::NodeView;

constexpr int kRight = 1;

// Which matrix of A and which of B.
struct Pair {
  std::int64_t a = 0;
  std::int64_t b = 0;
};

Pair pair_of(const MatMulGeometry& geometry, std::int64_t product) {
  Pair pair;
  for (int axis = geometry.batch.rank() - 1; axis >= 0; --axis) {
    const std::int64_t index = product % geometry.batch[axis];
    product /= geometry.batch[axis];
    pair.a += index * geometry.a_skip[static_cast<std::size_t>(axis)];
    pair.b += index * geometry.b_skip[static_cast<std::size_t>(axis)];
  }
  return pair;
}

template <typename T>
Kernel float_kernel(const NodeView& view, const MatMulGeometry& geometry,
                    const BindContext& context) {
  Gemm gemm{.rows = geometry.rows,
            .columns = geometry.columns,
            .depth = geometry.depth,
            .a_row = geometry.depth,
            .b_depth = geometry.columns};
  gemm.epilogue = tile_epilogue(view);
  gemm.simd = context.simd;
  // One matrix for all rows; of a stack each is used less, and is read as it is.
  gemm.packed = std::is_same_v<T, float> && view.constant(kRight) != nullptr &&
                geometry.batch.elements() == 1;
  Kernel kernel([gemm, geometry](const KernelArgs& args) -> Status {
    const auto tensors_of = [&](std::int64_t product) -> GemmTensorsOf<T> {
      const Pair pair = pair_of(geometry, product);
      const std::int64_t at = product * gemm.rows * gemm.columns;
      return {.a = args.in<T>(0) + pair.a * gemm.rows * gemm.depth,
              .b = args.in<T>(kRight) + pair.b * gemm.depth * gemm.columns,
              .bias = optional_input<T>(args, 2),
              .residual = advance(optional_input<T>(args, 3), at),
              .y = args.out<T>(0) + at};
    };
    gemm.run<T>(geometry.batch.elements(), tensors_of, *args.threads);
    return Status::SUCCESS;
  });
  if (gemm.packed) kernel.packed.push_back(gemm.packed_input(kRight));
  return kernel;
}

// T is unsigned: it wraps around, as the standard's integers do.
template <typename T>
void multiply(const MatMulGeometry& geometry, const T* a, const T* b, T* y) {
  std::fill_n(y, geometry.rows * geometry.columns, T{0});
  for (std::int64_t row = 0; row < geometry.rows; ++row) {
    for (std::int64_t k = 0; k < geometry.depth; ++k) {
      const T x = a[row * geometry.depth + k];
      const T* weights = b + k * geometry.columns;
      T* sums = y + row * geometry.columns;
      for (std::int64_t column = 0; column < geometry.columns; ++column) {
        sums[column] += x * weights[column];
      }
    }
  }
}

template <typename T>
Kernel integer_kernel(const MatMulGeometry& geometry) {
  return [geometry](const KernelArgs& args) -> Status {
    T* y = args.out<T>(0);
    for (std::int64_t product = 0; product < geometry.batch.elements(); ++product) {
      const Pair pair = pair_of(geometry, product);
      multiply(geometry, args.in<T>(0) + pair.a * geometry.rows * geometry.depth,
               args.in<T>(1) + pair.b * geometry.depth * geometry.columns, y);
      y += geometry.rows * geometry.columns;
    }
    return Status::SUCCESS;
  };
}

Result<Kernel> bind_matmul(const NodeView& view, const BindContext& context) {
  MI_ASSIGN(const MatMulGeometry geometry, ops::matmul_geometry(view));
  if (geometry.output_shape.elements() == 0) return nothing_to_do();
  const DataType type = view.input_type(0);
  // 8- and 16-bit integers are no types of MatMul.
  constexpr Types<std::uint32_t, std::uint64_t, std::int32_t, std::int64_t> kWideIntegers;
  return for_type(view, type, StoredFloats{} + kWideIntegers, [&]<typename T>(T) -> Result<Kernel> {
    if constexpr (std::is_integral_v<T>) {
      return integer_kernel<std::make_unsigned_t<T>>(geometry);
    } else {
      return float_kernel<T>(view, geometry, context);
    }
  });
}

Result<Kernel> bind_fused_matmul(const NodeView& view, const BindContext& context) {
  return for_type(view, view.input_type(0), StoredFloats{},
                  [&](auto) { return bind_matmul(view, context); });
}

constexpr KernelEntry kTable[] = {
    {"MatMul", bind_matmul},
    {"MatMul", bind_fused_matmul, graph::kInternalDomain},
};

}  // namespace

extern constinit const std::span<const KernelEntry> kMatMulKernels = kTable;

}  // namespace mini_infer::cpu
