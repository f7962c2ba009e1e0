#include <algorithm>

#include "cpu/backend.h"
#include "cpu/ops/dispatch.h"
#include "cpu/ops/width.h"
#include "ops/indexing.h"

namespace mini_infer::cpu {
namespace {

using core::Result;
using core::Status;
using ops::Kernel;
using ops::KernelArgs;
using ops::NodeView;

struct OneHotShape {
  std::int64_t outer;
  std::int64_t depth;
  std::int64_t inner;
  std::int64_t lowest;  // the least index that is a place
};

template <typename T, typename Index>
Kernel one_hot_kernel(const OneHotShape& shape) {
  return [shape](const KernelArgs& args) -> Status {
    const auto* index = args.in<Index>(0);
    const T* values = args.in<T>(2);
    T* output = args.out<T>(0);
    std::fill_n(output, shape.outer * shape.depth * shape.inner, values[0]);
    for (std::int64_t outer = 0; outer < shape.outer; ++outer) {
      T* block = output + outer * shape.depth * shape.inner;
      for (std::int64_t inner = 0; inner < shape.inner; ++inner) {
        const std::int64_t place =
            ops::one_hot_place(ops::widened(*index++), shape.lowest, shape.depth);
        if (place >= 0) block[place * shape.inner + inner] = values[1];
      }
    }
    return Status::SUCCESS;
  };
}

Result<Kernel> bind_one_hot(const NodeView& view) {
  MI_ASSIGN(const ops::OneHot one_hot, ops::one_hot_of(view));
  const core::Shape& indices = view.input_shape(0);
  // Positions that count from the end came with opset 11.
  const OneHotShape shape{.outer = indices.elements(0, one_hot.axis),
                          .depth = one_hot.depth,
                          .inner = indices.elements(one_hot.axis, indices.rank()),
                          .lowest = view.opset() < 11 ? 0 : -one_hot.depth};
  return for_width(view, view.input_type(2), [&](auto width) {
    using T = decltype(width);
    return for_type(view, view.input_type(0), kFloats + kIntegers,
                    [&](auto index) { return one_hot_kernel<T, decltype(index)>(shape); });
  });
}

constexpr KernelEntry kTable[] = {{"OneHot", bind_one_hot}};

}  // namespace

extern constinit const std::span<const KernelEntry> kOneHotKernels = kTable;

}  // namespace mini_infer::cpu
