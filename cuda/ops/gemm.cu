#include "core/try.h"
#include "cuda/backend.h"
#include "cuda/product.h"
#include "ops/gemm.h"
#include "ops/matmul.h"
#include "ops/shapes.h"

// Gemm and MatMul, and what the optimiser makes of them.
namespace mini_infer::cuda {
namespace {

using core::Result;
using ops::Kernel;
using ops::KernelArgs;
using ops::NodeView;

template <typename T>
using MatrixProduct = Product<T, Matrix<T>>;

template <typename T>
Kernel product_kernel(const MatrixProduct<T>& product) {
  return named(product.name(), [product](const KernelArgs& args) {
    return product.run(args.in<T>(0), args.in<T>(1), args);
  });
}

// The matrix whose element (line, k) is at line * line_step + k * depth_step; one of these is 1.
template <typename T>
Matrix<T> matrix_of(std::int64_t line_step, std::int64_t depth_step) {
  return {.lines = Steps::by(line_step),
          .depth = Steps::by(depth_step),
          .along_depth = depth_step == 1};
}

// A dense result.
template <typename Geometry>
Result<ProductForm> form_of(const NodeView& view, const Geometry& geometry) {
  if (!is_countable(geometry.rows) || !is_countable(geometry.columns) ||
      !is_countable(geometry.depth)) {
    return too_large(view);
  }
  return ProductForm{.rows = static_cast<int>(geometry.rows),
                     .columns = static_cast<int>(geometry.columns),
                     .depth = static_cast<int>(geometry.depth),
                     .y_rows = Steps::by(geometry.columns),
                     .y_columns = Steps::by(1)};
}

// --- Gemm ---

template <typename T>
Result<Kernel> bind_gemm(const NodeView& view, const ops::GemmGeometry& geometry) {
  MatrixProduct<T> product;
  MI_ASSIGN(product.form, form_of(view, geometry));
  product.left =
      geometry.transpose_a ? matrix_of<T>(1, geometry.rows) : matrix_of<T>(geometry.depth, 1);
  product.right =
      geometry.transpose_b ? matrix_of<T>(geometry.depth, 1) : matrix_of<T>(1, geometry.columns);
  product.epilogue.alpha = geometry.alpha;
  product.epilogue.beta = geometry.beta;
  product.epilogue.activation = activation_of(view);
  if (view.has_input(2)) {
    const auto strides = ops::broadcast_strides(view.input_shape(2), view.output_shape(0));
    product.form.bias_row = strides[0];
    product.form.bias_column = strides[1];
  }
  return product_kernel(product);
}

Result<Kernel> bind_any_gemm(const NodeView& view) {
  return ops::for_type(view, view.input_type(0), ops::StoredFloats{},
                       [&]<typename T>(T) -> Result<Kernel> {
                         MI_ASSIGN(const ops::GemmGeometry geometry, ops::gemm_geometry(view));
                         if (view.output_shape(0).elements() == 0) return nothing_to_do();
                         return bind_gemm<T>(view, geometry);
                       });
}

// --- MatMul ---

Result<Stack> stack_of(const NodeView& view, const ops::MatMulGeometry& geometry) {
  Stack stack;
  std::int64_t y_step = geometry.rows * geometry.columns;
  for (int axis = geometry.batch.rank() - 1; axis >= 0; --axis) {
    const auto at = static_cast<std::size_t>(axis);
    const Stack::Offsets step{.left = geometry.a_skip[at] * geometry.rows * geometry.depth,
                              .right = geometry.b_skip[at] * geometry.depth * geometry.columns,
                              .y = y_step};
    if (!stack.add(geometry.batch[axis], step)) return too_many_axes(view);
    y_step *= geometry.batch[axis];
  }
  return stack;
}

template <typename T>
Result<Kernel> bind_matmul(const NodeView& view, const ops::MatMulGeometry& geometry) {
  MatrixProduct<T> product;
  MI_ASSIGN(product.form, form_of(view, geometry));
  MI_ASSIGN(product.stack, stack_of(view, geometry));
  product.left = matrix_of<T>(geometry.depth, 1);
  product.right = matrix_of<T>(1, geometry.columns);
  product.epilogue.activation = activation_of(view);
  product.form.bias_column = 1;
  return product_kernel(product);
}

template <typename... Ts>
Result<Kernel> bind_matmul_of(const NodeView& view, core::DataType type, ops::Types<Ts...> types) {
  MI_ASSIGN(const ops::MatMulGeometry geometry, ops::matmul_geometry(view));
  if (geometry.output_shape.elements() == 0) return nothing_to_do();
  return ops::for_type(view, type, types,
                       [&]<typename T>(T) { return bind_matmul<T>(view, geometry); });
}

// 8- and 16-bit integers are no types of MatMul.
Result<Kernel> bind_any_matmul(const NodeView& view) {
  constexpr ops::Types<std::uint32_t, std::uint64_t> kWideIntegers;
  const core::DataType type = view.input_type(0);
  return bind_matmul_of(view, ops::as_unsigned(type), ops::StoredFloats{} + kWideIntegers);
}

Result<Kernel> bind_fused_matmul(const NodeView& view) {
  return bind_matmul_of(view, view.input_type(0), ops::StoredFloats{});
}

constexpr KernelEntry kTable[] = {
    {"Gemm", bind_any_gemm},
    {"Gemm", bind_any_gemm, graph::kInternalDomain},
    {"MatMul", bind_any_matmul},
    {"MatMul", bind_fused_matmul, graph::kInternalDomain},
};

}  // namespace

extern constinit const std::span<const KernelEntry> kGemmKernels = kTable;

}  // namespace mini_infer::cuda
