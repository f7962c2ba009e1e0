#include <algorithm>
#include <optional>

#include "core/try.h"
#include "cuda/backend.h"
#include "cuda/product.h"
#include "ops/einsum.h"
#include "ops/shapes.h"

namespace mini_infer::cuda {
namespace {

using core::Result;
using ops::EinsumAxis;
using ops::EinsumGeometry;
using ops::Kernel;
using ops::KernelArgs;
using ops::NodeView;

// --- Any equation: each output adds up its products ---

constexpr int kMaxOperands = 16;
constexpr int kMaxAxes = 8;

// Axes of a geometry, innermost first; neighbours that all operands cross in one stride are merged.
struct Axes {
  int count = 0;
  std::int64_t elements = 1;
  std::int64_t extents[kMaxAxes] = {};
  std::int64_t strides[kMaxAxes][kMaxOperands] = {};

  // Moves the offsets of so many operands to a position, counted in row-major order.
  __device__ void move(std::int64_t* offsets, int operands, std::int64_t position) const {
    for (int axis = 0; axis < count; ++axis) {
      const std::int64_t index = position % extents[axis];
      position /= extents[axis];
      for (int i = 0; i < operands; ++i) offsets[i] += index * strides[axis][i];
    }
  }

  // Adds an axis outside of the others; whether there was room.
  bool add(const EinsumAxis& axis) {
    elements *= axis.extent;
    if (axis.extent == 1) return true;
    if (count > 0 && continues(axis)) {
      extents[count - 1] *= axis.extent;
      return true;
    }
    if (count == kMaxAxes) return false;
    extents[count] = axis.extent;
    std::copy(axis.strides.begin(), axis.strides.end(), strides[count]);
    ++count;
    return true;
  }

 private:
  bool continues(const EinsumAxis& axis) const {
    for (std::size_t i = 0; i < axis.strides.size(); ++i) {
      if (axis.strides[i] != strides[count - 1][i] * extents[count - 1]) return false;
    }
    return true;
  }
};

Result<Axes> axes_of(const NodeView& view, const std::vector<EinsumAxis>& axes) {
  Axes merged;
  for (auto axis = axes.rbegin(); axis != axes.rend(); ++axis) {
    if (!merged.add(*axis)) {
      return view.unsupported("an equation of more than " + std::to_string(kMaxAxes) +
                              " indices that cannot be merged");
    }
  }
  return merged;
}

template <typename T>
struct SumOfProducts {
  const T* operands[kMaxOperands];
  T* y;
  int operand_count;
  Axes output, summed;

  __device__ void operator()(std::int64_t i) const {
    std::int64_t first[kMaxOperands] = {};
    output.move(first, operand_count, i);
    double sum = 0;
    for (std::int64_t k = 0; k < summed.elements; ++k) {
      std::int64_t at[kMaxOperands];
      for (int operand = 0; operand < operand_count; ++operand) at[operand] = first[operand];
      summed.move(at, operand_count, k);
      double product = 1;
      for (int operand = 0; operand < operand_count; ++operand) {
        product *= static_cast<double>(ops::widened(operands[operand][at[operand]]));
      }
      sum += product;
    }
    y[i] = ops::convert<T>(sum);
  }
};

template <typename T>
Result<Kernel> bind_any(const NodeView& view, const EinsumGeometry& geometry) {
  SumOfProducts<T> body{};
  body.operand_count = view.input_count();
  if (body.operand_count > kMaxOperands) {
    return view.unsupported("a product of more than " + std::to_string(kMaxOperands) + " inputs");
  }
  MI_ASSIGN(body.output, axes_of(view, geometry.output));
  MI_ASSIGN(body.summed, axes_of(view, geometry.summed));
  return Kernel([body](const KernelArgs& args) {
    SumOfProducts<T> bound = body;
    for (int i = 0; i < body.operand_count; ++i) bound.operands[i] = args.in<T>(i);
    bound.y = args.out<T>(0);
    return for_each("einsum", body.output.elements, args.queue, bound);
  });
}

// --- Two operands, each index either of the stack, of rows, of columns or of the depth ---

// Indices that are counted as one, innermost first, and their strides in up to two tensors.
struct Run {
  struct Index {
    std::int64_t extent, a, b;
  };
  std::vector<Index> indices;
  std::int64_t count = 1;

  void add(std::int64_t extent, std::int64_t a, std::int64_t b) {
    indices.push_back({extent, a, b});
    count *= extent;
  }

  // Along tensor a or b; nullopt where it takes more than two strides.
  std::optional<Steps> steps(std::int64_t Index::*stride) const {
    std::vector<std::pair<std::int64_t, std::int64_t>> merged;  // extent, stride
    for (const Index& index : indices) {
      const std::int64_t step = index.*stride;
      if (!merged.empty() && step == merged.back().first * merged.back().second) {
        merged.back().first *= index.extent;
      } else {
        merged.emplace_back(index.extent, step);
      }
    }
    if (merged.empty()) return Steps::by(0);
    if (merged.size() == 1) return Steps::by(merged[0].second);
    if (merged.size() > 2) return std::nullopt;
    return Steps::by(merged[0].first, merged[1].second, merged[0].second);
  }

  std::int64_t innermost(std::int64_t Index::*stride) const {
    return indices.empty() ? 0 : indices.front().*stride;
  }
};

struct EinsumProduct {
  Stack stack;
  Run rows;     // a: of the left operand, b: of y
  Run columns;  // a: of the right operand, b: of y
  Run depth;    // a: of the left operand, b: of the right one
};

std::optional<EinsumProduct> product_of(const EinsumGeometry& geometry) {
  EinsumProduct product;
  const std::vector<std::int64_t> y_strides = ops::strides_of(geometry.output_shape());
  for (std::size_t at = geometry.output.size(); at-- > 0;) {
    const EinsumAxis& axis = geometry.output[at];
    const std::int64_t left = axis.strides[0];
    const std::int64_t right = axis.strides[1];
    if (axis.extent == 1) continue;
    if (right == 0) {
      product.rows.add(axis.extent, left, y_strides[at]);
    } else if (left == 0) {
      product.columns.add(axis.extent, right, y_strides[at]);
    } else if (!product.stack.add(axis.extent,
                                  {.left = left, .right = right, .y = y_strides[at]})) {
      return std::nullopt;
    }
  }
  for (auto axis = geometry.summed.rbegin(); axis != geometry.summed.rend(); ++axis) {
    if (axis->extent != 1) product.depth.add(axis->extent, axis->strides[0], axis->strides[1]);
  }
  const bool countable = is_countable(product.rows.count) && is_countable(product.columns.count) &&
                         is_countable(product.depth.count);
  return countable ? std::optional(product) : std::nullopt;
}

// nullopt where the equation is no product of matrices.
template <typename T>
std::optional<Kernel> bind_product(const EinsumGeometry& geometry) {
  using Index = Run::Index;
  const auto found = product_of(geometry);
  if (!found) return std::nullopt;
  const auto left_rows = found->rows.steps(&Index::a);
  const auto y_rows = found->rows.steps(&Index::b);
  const auto right_columns = found->columns.steps(&Index::a);
  const auto y_columns = found->columns.steps(&Index::b);
  const auto left_depth = found->depth.steps(&Index::a);
  const auto right_depth = found->depth.steps(&Index::b);
  if (!left_rows || !y_rows || !right_columns || !y_columns || !left_depth || !right_depth) {
    return std::nullopt;
  }
  Product<T, Matrix<T>> product;
  product.left.lines = *left_rows;
  product.left.depth = *left_depth;
  product.left.along_depth = found->depth.innermost(&Index::a) == 1;
  product.right.lines = *right_columns;
  product.right.depth = *right_depth;
  product.right.along_depth = found->depth.innermost(&Index::b) == 1;
  product.form.rows = static_cast<int>(found->rows.count);
  product.form.columns = static_cast<int>(found->columns.count);
  product.form.depth = static_cast<int>(found->depth.count);
  product.form.y_rows = *y_rows;
  product.form.y_columns = *y_columns;
  product.form.along_columns = found->columns.innermost(&Index::b) == 1;
  product.stack = found->stack;
  return Kernel([product](const KernelArgs& args) {
    return product.run(args.in<T>(0), args.in<T>(1), args);
  });
}

template <typename T>
Result<Kernel> bind_of(const NodeView& view, const EinsumGeometry& geometry) {
  if constexpr (!std::is_same_v<T, double>) {
    if (view.input_count() == 2) {
      if (auto product = bind_product<T>(geometry)) return *std::move(product);
    }
  }
  return bind_any<T>(view, geometry);
}

Result<Kernel> bind_einsum(const NodeView& view) {
  MI_ASSIGN(const EinsumGeometry geometry, ops::einsum_geometry(view));
  if (view.output_shape(0).elements() == 0) return nothing_to_do();
  return ops::for_type(view, view.input_type(0), ops::kFloats,
                       [&]<typename T>(T) { return bind_of<T>(view, geometry); });
}

constexpr KernelEntry kTable[] = {{"Einsum", bind_einsum}};

}  // namespace

extern constinit const std::span<const KernelEntry> kEinsumKernels = kTable;

}  // namespace mini_infer::cuda
