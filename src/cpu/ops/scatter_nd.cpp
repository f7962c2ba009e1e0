#include <cmath>
#include <cstring>
#include <type_traits>

#include "cpu/backend.h"
#include "cpu/ops/dispatch.h"
#include "cpu/ops/indices.h"
#include "cpu/ops/width.h"
#include "ops/indexing.h"
#include "ops/shapes.h"

namespace mini_infer::cpu {
namespace {

using core::Result;
using core::Status;
using ops::Kernel;
using ops::KernelArgs;
using ops::NodeView;
using ops::ScatterReduction;

struct Scatter {
  std::string node;
  ops::ScatterRows rows;
  std::vector<std::int64_t> extents;  // of the data
  std::vector<std::int64_t> strides;
  std::size_t bytes;

  Status check(const std::int64_t* indices) const {
    for (std::int64_t row = 0; row < rows.rows; ++row) {
      for (int axis = 0; axis < rows.depth; ++axis) {
        MI_TRY(check_indices(node, indices++, 1, extents[static_cast<std::size_t>(axis)]));
      }
    }
    return Status::SUCCESS;
  }

  std::int64_t place(const std::int64_t* row) const {
    std::int64_t offset = 0;
    for (std::size_t axis = 0; axis < static_cast<std::size_t>(rows.depth); ++axis) {
      offset += wrap_index(row[axis], extents[axis]) * strides[axis];
    }
    return offset;
  }
};

// combine(old, update) for every element of every row, in order.
template <typename T, typename Combine>
Kernel scatter_kernel(Scatter scatter, Combine combine) {
  return [scatter = std::move(scatter), combine](const KernelArgs& args) -> Status {
    const auto* indices = args.in<std::int64_t>(1);
    MI_TRY(scatter.check(indices));
    T* output = args.out<T>(0);
    if (scatter.bytes > 0 && output != args.in<T>(0)) {
      std::memcpy(output, args.in<T>(0), scatter.bytes);
    }
    const T* update = args.in<T>(2);
    for (std::int64_t row = 0; scatter.rows.slice > 0 && row < scatter.rows.rows; ++row) {
      T* slice = output + scatter.place(indices + row * scatter.rows.depth);
      for (std::int64_t i = 0; i < scatter.rows.slice; ++i) slice[i] = combine(slice[i], *update++);
    }
    return Status::SUCCESS;
  };
}

// Integers wrap around, as they do in every implementation of the standard.
template <typename T>
using Wrapping = std::conditional_t<std::is_integral_v<T>, std::uint64_t, T>;

template <typename T>
struct Combine {
  using W = Wrapping<Wide<T>>;
  static W number(T x) { return static_cast<W>(ops::widened(x)); }
  static T sum(T a, T b) { return ops::convert<T>(number(a) + number(b)); }
  static T product(T a, T b) { return ops::convert<T>(number(a) * number(b)); }
  static T greatest(T a, T b) { return ops::widened(a) < ops::widened(b) || is_nan(b) ? b : a; }
  static T least(T a, T b) { return ops::widened(b) < ops::widened(a) || is_nan(b) ? b : a; }
  static bool is_nan(T x) { return std::isnan(static_cast<double>(ops::widened(x))); }
};

template <typename T>
Kernel reducing_kernel(Scatter scatter, ScatterReduction reduction) {
  switch (reduction) {
    case ScatterReduction::kNone:
      break;
    case ScatterReduction::kAdd:
      return scatter_kernel<T>(std::move(scatter), Combine<T>::sum);
    case ScatterReduction::kMul:
      return scatter_kernel<T>(std::move(scatter), Combine<T>::product);
    case ScatterReduction::kMax:
      return scatter_kernel<T>(std::move(scatter), Combine<T>::greatest);
    case ScatterReduction::kMin:
      return scatter_kernel<T>(std::move(scatter), Combine<T>::least);
  }
  return scatter_kernel<T>(std::move(scatter), [](T, T update) { return update; });
}

Result<Kernel> bind_scatter_nd(const NodeView& view) {
  MI_ASSIGN(const ScatterReduction reduction, ops::scatter_reduction(view));
  const core::Shape& data = view.input_shape(0);
  const core::DataType type = view.input_type(0);
  const Scatter scatter{.node = graph::describe(view.node()),
                        .rows = ops::scatter_rows(view),
                        .extents = data.dims(),
                        .strides = ops::strides_of(data),
                        .bytes = core::checked_bytes(type, data).value_or(0)};
  if (reduction == ScatterReduction::kNone) {
    return for_width(view, type, [&](auto width) {
      using T = decltype(width);
      return scatter_kernel<T>(scatter, [](const T&, const T& update) { return update; });
    });
  }
  return for_type(view, type, kFloats + kIntegers,
                  [&](auto zero) { return reducing_kernel<decltype(zero)>(scatter, reduction); });
}

constexpr KernelEntry kTable[] = {{"ScatterND", bind_scatter_nd}};

}  // namespace

extern constinit const std::span<const KernelEntry> kScatterNdKernels = kTable;

}  // namespace mini_infer::cpu
