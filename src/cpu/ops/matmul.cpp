#include "ops/matmul.h"

#include <algorithm>

#include "cpu/backend.h"
#include "cpu/ops/dispatch.h"
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

// Calls visit(matrix of A, matrix of B) for each product of the stack, in order.
template <typename Visit>
void for_each_product(const MatMulGeometry& geometry, Visit visit) {
  const std::int64_t count = geometry.batch.elements();
  for (std::int64_t product = 0; product < count; ++product) {
    std::int64_t rest = product;
    std::int64_t a = 0;
    std::int64_t b = 0;
    for (int axis = geometry.batch.rank() - 1; axis >= 0; --axis) {
      const std::int64_t index = rest % geometry.batch[axis];
      rest /= geometry.batch[axis];
      a += index * geometry.a_skip[static_cast<std::size_t>(axis)];
      b += index * geometry.b_skip[static_cast<std::size_t>(axis)];
    }
    visit(a, b);
  }
}

Kernel float_kernel(const NodeView& view, const MatMulGeometry& geometry) {
  Gemm gemm{.rows = geometry.rows,
            .columns = geometry.columns,
            .depth = geometry.depth,
            .a_row = geometry.depth,
            .b_depth = geometry.columns,
            .bias_column = 1};
  gemm.epilogue = Epilogue::of(view);
  return [gemm, geometry](const KernelArgs& args) -> Status {
    if (geometry.output_shape.elements() == 0) return Status::SUCCESS;
    const float* residual = optional_input(args, 3);
    float* y = args.out<float>(0);
    for_each_product(geometry, [&](std::int64_t a, std::int64_t b) {
      gemm.run(args.in<float>(0) + a * gemm.rows * gemm.depth,
               args.in<float>(1) + b * gemm.depth * gemm.columns, optional_input(args, 2), residual,
               y);
      residual = advance(residual, gemm.rows * gemm.columns);
      y += gemm.rows * gemm.columns;
    });
    return Status::SUCCESS;
  };
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
    if (geometry.output_shape.elements() == 0) return Status::SUCCESS;
    T* y = args.out<T>(0);
    for_each_product(geometry, [&](std::int64_t a, std::int64_t b) {
      multiply(geometry, args.in<T>(0) + a * geometry.rows * geometry.depth,
               args.in<T>(1) + b * geometry.depth * geometry.columns, y);
      y += geometry.rows * geometry.columns;
    });
    return Status::SUCCESS;
  };
}

Result<Kernel> bind_matmul(const NodeView& view) {
  MI_ASSIGN(const MatMulGeometry geometry, ops::matmul_geometry(view));
  const DataType type = view.input_type(0);
  if (type == DataType::kFloat32) return float_kernel(view, geometry);
  // 8- and 16-bit integers are no types of MatMul.
  return for_type(view, type, Types<std::uint32_t, std::uint64_t, std::int32_t, std::int64_t>{},
                  [&](auto zero) -> Result<Kernel> {
                    return integer_kernel<std::make_unsigned_t<decltype(zero)>>(geometry);
                  });
}

Result<Kernel> bind_fused_matmul(const NodeView& view) {
  if (view.input_type(0) != DataType::kFloat32) return view.unsupported_type(view.input_type(0));
  return bind_matmul(view);
}

constexpr KernelEntry kTable[] = {
    {"MatMul", bind_matmul},
    {"MatMul", bind_fused_matmul, graph::kInternalDomain},
};

}  // namespace

extern constinit const std::span<const KernelEntry> kMatMulKernels = kTable;

}  // namespace mini_infer::cpu
