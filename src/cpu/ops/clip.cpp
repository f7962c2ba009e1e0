#include <limits>

#include "cpu/ops/unary.h"

namespace mini_infer::cpu {
namespace {

using core::Result;
using core::Status;
using ops::Kernel;
using ops::KernelArgs;
using ops::NodeView;

// A bound: an input, read when running, or a number.
template <typename T>
struct Bound {
  bool is_input = false;
  T number{};

  T of(const KernelArgs& args, int slot) const { return is_input ? *args.in<T>(slot) : number; }
};

// Attributes until opset 10, inputs from 11 on; without either the range of the type.
template <typename T>
Bound<T> bound(const NodeView& view, int slot, const char* attribute, T fallback) {
  if (view.has_input(slot)) return {.is_input = true};
  const float* value = view.node().find<float>(attribute);
  return {.number = value != nullptr ? ops::convert<T>(*value) : fallback};
}

template <typename T>
struct Bounds {
  Bound<T> min, max;

  explicit Bounds(const NodeView& view)
      : min(bound(view, 1, "min", ops::convert<T>(std::numeric_limits<Wide<T>>::lowest()))),
        max(bound(view, 2, "max", ops::convert<T>(std::numeric_limits<Wide<T>>::max()))) {}
};

template <typename T>
Kernel clip_kernel(const NodeView& view) {
  return [count = view.output_shape(0).elements(),
          bounds = Bounds<T>(view)](const KernelArgs& args) -> Status {
    const T* x = args.in<T>(0);
    T* y = args.out<T>(0);
    const T lowest = bounds.min.of(args, 1);
    const T highest = bounds.max.of(args, 2);
    for (std::int64_t i = 0; i < count; ++i) {
      const T raised = x[i] < lowest ? lowest : x[i];
      y[i] = highest < raised ? highest : raised;
    }
    return Status::SUCCESS;
  };
}

template <typename T>
Kernel vector_kernel(const NodeView& view, const Simd& simd) {
  const UnaryLoop loop = simd.loops_of<T>().unary[index_of<ops::Clip>(UnaryFunctors{})];
  return [loop, count = view.output_shape(0).elements(),
          bounds = Bounds<T>(view)](const KernelArgs& args) -> Status {
    const ops::Clip clip{.lowest = ops::widened(bounds.min.of(args, 1)),
                         .highest = ops::widened(bounds.max.of(args, 2))};
    map_vectors<T>(args, loop, &clip, count);
    return Status::SUCCESS;
  };
}

Result<Kernel> bind_clip(const NodeView& view, const BindContext& context) {
  return for_type(view, view.input_type(0), kNumbers, [&]<typename T>(T) {
    if constexpr (index_of<T>(StoredFloats{}) >= 0) {
      return vector_kernel<T>(view, *context.simd);
    } else {
      return clip_kernel<T>(view);
    }
  });
}

constexpr KernelEntry kTable[] = {{"Clip", bind_clip}};

}  // namespace

extern constinit const std::span<const KernelEntry> kClipKernels = kTable;

}  // namespace mini_infer::cpu
