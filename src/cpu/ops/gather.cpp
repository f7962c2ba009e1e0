#include <cstring>
#include <span>

#include "cpu/backend.h"
#include "cpu/ops/dispatch.h"
#include "cpu/ops/indices.h"
#include "cpu/ops/width.h"
#include "ops/indexing.h"
#include "ops/shapes.h"
#include "ops/strided_copy.h"

namespace mini_infer::cpu {
namespace {

using core::Result;
using core::Status;
using ops::Kernel;
using ops::KernelArgs;
using ops::NodeView;

// The data seen as [outer, extent, inner].
struct GatherShape {
  std::int64_t outer;
  std::int64_t extent;
  std::int64_t inner;
  std::int64_t count;  // of indices
};

template <typename T, typename Index>
void gather(const GatherShape& shape, const T* data, const Index* indices, T* output) {
  for (std::int64_t outer = 0; outer < shape.outer; ++outer) {
    for (std::int64_t i = 0; i < shape.count; ++i) {
      const T* slice = data + wrap_index(indices[i], shape.extent) * shape.inner;
      if (shape.inner == 1) {
        *output = *slice;
      } else {
        std::memcpy(output, slice, static_cast<std::size_t>(shape.inner) * sizeof(T));
      }
      output += shape.inner;
    }
    data += shape.extent * shape.inner;
  }
}

template <typename T, typename Index>
Kernel gather_kernel(const GatherShape& shape, std::string node) {
  return [shape, node = std::move(node)](const KernelArgs& args) -> Status {
    const auto* indices = args.in<Index>(1);
    MI_TRY(check_indices(node, indices, shape.count, shape.extent));
    if (shape.outer > 0 && shape.inner > 0) {
      gather(shape, args.in<T>(0), indices, args.out<T>(0));
    }
    return Status::SUCCESS;
  };
}

Result<Kernel> bind_gather(const NodeView& view) {
  MI_ASSIGN(const int axis, ops::gather_axis(view));
  const core::Shape& data = view.input_shape(0);
  const GatherShape shape{.outer = data.elements(0, axis),
                          .extent = data[axis],
                          .inner = data.elements(axis + 1, data.rank()),
                          .count = view.input_shape(1).elements()};
  const std::string node = graph::describe(view.node());
  return for_width(view, view.input_type(0), [&](auto width) {
    using T = decltype(width);
    return for_type(view, view.input_type(1), Types<std::int32_t, std::int64_t>{},
                    [&](auto index) { return gather_kernel<T, decltype(index)>(shape, node); });
  });
}

// `axes` walks the indices (to) and, but for the gathered axis, the data (from).
template <typename T, typename Index>
void gather_elements(std::span<const ops::StridedCopy::Axis> axes, std::int64_t extent,
                     std::int64_t stride, const T* data, const Index* indices, T* output) {
  if (axes.empty()) {
    *output = data[wrap_index(*indices, extent) * stride];
    return;
  }
  for (std::int64_t i = 0; i < axes[0].extent; ++i) {
    gather_elements(axes.subspan(1), extent, stride, data, indices, output);
    data += axes[0].from;
    indices += axes[0].to;
    output += axes[0].to;
  }
}

Result<Kernel> bind_gather_elements(const NodeView& view) {
  MI_ASSIGN(const int axis, ops::gather_axis(view));
  const core::Shape& indices = view.input_shape(1);
  std::vector<std::int64_t> from = ops::strides_of(view.input_shape(0));
  const std::int64_t stride = std::exchange(from[static_cast<std::size_t>(axis)], 0);
  const std::int64_t extent = view.input_shape(0)[axis];
  const std::int64_t count = indices.elements();
  const auto walk = ops::collapse(ops::strided_copy(indices, from, ops::strides_of(indices)));
  const std::string node = graph::describe(view.node());
  return for_width(view, view.input_type(0), [&](auto width) {
    return for_type(view, view.input_type(1), Types<std::int32_t, std::int64_t>{},
                    [&](auto index) -> Kernel {
                      using T = decltype(width);
                      using Index = decltype(index);
                      return [=](const KernelArgs& args) -> Status {
                        const auto* positions = args.in<Index>(1);
                        MI_TRY(check_indices(node, positions, count, extent));
                        if (count > 0) {
                          gather_elements<T, Index>(walk.axes, extent, stride, args.in<T>(0),
                                                    positions, args.out<T>(0));
                        }
                        return Status::SUCCESS;
                      };
                    });
  });
}

constexpr KernelEntry kTable[] = {{"Gather", bind_gather},
                                  {"GatherElements", bind_gather_elements}};

}  // namespace

extern constinit const std::span<const KernelEntry> kGatherKernels = kTable;

}  // namespace mini_infer::cpu
