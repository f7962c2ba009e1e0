#include <utility>

#include "cuda/backend.h"
#include "cuda/each.h"
#include "cuda/index.h"
#include "cuda/unit.h"
#include "cuda/walk.h"
#include "ops/dispatch.h"
#include "ops/indexing.h"
#include "ops/shapes.h"

namespace mini_infer::cuda {
namespace {

using core::Result;
using ops::Kernel;
using ops::KernelArgs;
using ops::NodeView;

constexpr ops::Types<std::int32_t, std::int64_t> kIndices;

Kernel with_index_fault(const NodeView& view, std::int64_t extent, Kernel kernel) {
  kernel.fault = index_fault(view, {&extent, 1});
  return kernel;
}

// The data seen as [outer, extent, inner], inner in units.
struct GatherShape {
  std::int64_t outer;
  std::int64_t extent;
  std::int64_t inner;
  std::int64_t count;  // of indices
};

template <typename T, typename Index>
struct GatherBody {
  const T* data;
  const Index* indices;
  T* output;
  GatherShape shape;
  Fault fault;

  __device__ void operator()(std::int64_t i) const {
    auto rest = static_cast<std::uint64_t>(i);
    const std::int64_t inner = take_axis(rest, shape.inner);
    const std::int64_t at = take_axis(rest, shape.count);
    const std::int64_t place = place_of(indices[at], shape.extent, fault);
    if (place < 0) return;
    const auto outer = static_cast<std::int64_t>(rest);
    output[i] = data[(outer * shape.extent + place) * shape.inner + inner];
  }
};

template <typename T, typename Index>
Kernel gather_kernel(const GatherShape& shape) {
  return [shape](const KernelArgs& args) {
    return for_each("gather", shape.outer * shape.count * shape.inner, args.queue,
                    GatherBody<T, Index>{args.in<T>(0), args.in<Index>(1), args.out<T>(0), shape,
                                         Fault::of(args)});
  };
}

Result<Kernel> bind_gather(const NodeView& view) {
  MI_ASSIGN(const int axis, ops::gather_axis(view));
  MI_ASSIGN(const std::int64_t bytes, element_bytes(view, view.input_type(0)));
  const core::Shape& data = view.input_shape(0);
  const std::int64_t slice_bytes = data.elements(axis + 1, data.rank()) * bytes;
  const std::int64_t unit = widest_unit({slice_bytes});
  const GatherShape shape{.outer = data.elements(0, axis),
                          .extent = data[axis],
                          .inner = slice_bytes / unit,
                          .count = view.input_shape(1).elements()};
  return ops::for_type(view, view.input_type(1), kIndices, [&]<typename Index>(Index) {
    return with_index_fault(view, shape.extent, for_unit(unit, [&]<typename T>(T) {
                              return gather_kernel<T, Index>(shape);
                            }));
  });
}

// `walk` is of the data but for the gathered axis, of which a step is `stride`.
template <typename T, typename Index>
struct GatherElementsBody {
  const T* data;
  const Index* indices;
  T* output;
  Walk<1> walk;
  std::int64_t extent, stride;
  Fault fault;

  __device__ void operator()(std::int64_t i) const {
    const std::int64_t place = place_of(indices[i], extent, fault);
    if (place >= 0) output[i] = data[walk.at(i).of[0] + place * stride];
  }
};

template <typename T, typename Index>
Kernel gather_elements_kernel(const Walk<1>& walk, std::int64_t extent, std::int64_t stride) {
  return [=](const KernelArgs& args) {
    return for_each("gather_elements", walk.count, args.queue,
                    GatherElementsBody<T, Index>{args.in<T>(0), args.in<Index>(1), args.out<T>(0),
                                                 walk, extent, stride, Fault::of(args)});
  };
}

Result<Kernel> bind_gather_elements(const NodeView& view) {
  MI_ASSIGN(const int axis, ops::gather_axis(view));
  MI_ASSIGN(const std::int64_t bytes, element_bytes(view, view.input_type(0)));
  std::vector<std::int64_t> from = ops::strides_of(view.input_shape(0));
  const std::int64_t stride = std::exchange(from[static_cast<std::size_t>(axis)], 0);
  const std::int64_t extent = view.input_shape(0)[axis];
  const core::Shape& indices = view.input_shape(1);
  MI_ASSIGN(
      const Walk<1> walk,
      Walk<1>::of(view, ops::collapse(ops::strided_copy(indices, from, ops::strides_of(indices)))));
  return ops::for_type(view, view.input_type(1), kIndices, [&]<typename Index>(Index) {
    return with_index_fault(view, extent, for_unit(bytes, [&]<typename T>(T) {
                              return gather_elements_kernel<T, Index>(walk, extent, stride);
                            }));
  });
}

constexpr KernelEntry kTable[] = {{"Gather", bind_gather},
                                  {"GatherElements", bind_gather_elements}};

}  // namespace

extern constinit const std::span<const KernelEntry> kGatherKernels = kTable;

}  // namespace mini_infer::cuda
