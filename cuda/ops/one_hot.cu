#include "cuda/backend.h"
#include "cuda/each.h"
#include "cuda/place.h"
#include "cuda/unit.h"
#include "ops/dispatch.h"
#include "ops/indexing.h"

namespace mini_infer::cuda {
namespace {

using core::Result;
using ops::Kernel;
using ops::KernelArgs;
using ops::NodeView;

// The output seen as [outer, depth, inner].
struct OneHotShape {
  std::int64_t outer;
  std::int64_t depth;
  std::int64_t inner;
  std::int64_t lowest;  // the least index that is a place
};

template <typename T, typename Index>
struct OneHotBody {
  const Index* indices;
  const T* values;  // off, on
  T* output;
  OneHotShape shape;

  __device__ void operator()(std::int64_t i) const {
    auto outer = static_cast<std::uint64_t>(i);
    const std::int64_t inner = take_axis(outer, shape.inner);
    const std::int64_t at = take_axis(outer, shape.depth);
    const Index index = indices[static_cast<std::int64_t>(outer) * shape.inner + inner];
    const bool on = ops::one_hot_place(ops::widened(index), shape.lowest, shape.depth) == at;
    output[i] = values[on ? 1 : 0];
  }
};

template <typename T, typename Index>
Kernel one_hot_kernel(const OneHotShape& shape) {
  return [shape](const KernelArgs& args) {
    return for_each("one_hot", shape.outer * shape.depth * shape.inner, args.queue,
                    OneHotBody<T, Index>{args.in<Index>(0), args.in<T>(2), args.out<T>(0), shape});
  };
}

Result<Kernel> bind_one_hot(const NodeView& view) {
  MI_ASSIGN(const ops::OneHot one_hot, ops::one_hot_of(view));
  MI_ASSIGN(const std::int64_t bytes, element_bytes(view, view.input_type(2)));
  const core::Shape& indices = view.input_shape(0);
  // Positions that count from the end came with opset 11.
  const OneHotShape shape{.outer = indices.elements(0, one_hot.axis),
                          .depth = one_hot.depth,
                          .inner = indices.elements(one_hot.axis, indices.rank()),
                          .lowest = view.opset() < 11 ? 0 : -one_hot.depth};
  return ops::for_type(view, view.input_type(0), ops::kNumbers, [&]<typename Index>(Index) {
    return for_unit(bytes, [&]<typename T>(T) { return one_hot_kernel<T, Index>(shape); });
  });
}

constexpr KernelEntry kTable[] = {{"OneHot", bind_one_hot}};

}  // namespace

extern constinit const std::span<const KernelEntry> kOneHotKernels = kTable;

}  // namespace mini_infer::cuda
