#include <limits>

#include "cuda/backend.h"
#include "cuda/map.h"
#include "ops/dispatch.h"

namespace mini_infer::cuda {
namespace {

using core::Result;
using ops::Kernel;
using ops::KernelArgs;
using ops::NodeView;

// A bound: an input, read when running, or a number.
template <typename T>
struct Bound {
  const T* input;
  T number;

  __device__ ops::Wide<T> value() const { return ops::widened(input != nullptr ? *input : number); }
};

template <typename T>
struct ClipBetween {
  Bound<T> min, max;

  __device__ ops::Wide<T> operator()(ops::Wide<T> x) const {
    const ops::Wide<T> lowest = min.value();
    const ops::Wide<T> highest = max.value();
    const ops::Wide<T> raised = x < lowest ? lowest : x;
    return highest < raised ? highest : raised;
  }
};

// Attributes until opset 10, inputs from 11 on; without either the range of the type.
template <typename T>
T stated_bound(const NodeView& view, const char* attribute, ops::Wide<T> fallback) {
  const float* value = view.node().find<float>(attribute);
  return value != nullptr ? ops::convert<T>(*value) : ops::convert<T>(fallback);
}

template <typename T>
Kernel clip_kernel(const NodeView& view) {
  using Limits = std::numeric_limits<ops::Wide<T>>;
  return [count = view.output_shape(0).elements(), min_is_input = view.has_input(1),
          max_is_input = view.has_input(2), min = stated_bound<T>(view, "min", Limits::lowest()),
          max = stated_bound<T>(view, "max", Limits::max())](const KernelArgs& args) {
    return map<T, T>("clip", count, args,
                     ClipBetween<T>{{min_is_input ? args.in<T>(1) : nullptr, min},
                                    {max_is_input ? args.in<T>(2) : nullptr, max}});
  };
}

Result<Kernel> bind_clip(const NodeView& view) {
  return ops::for_type(view, view.input_type(0), ops::kNumbers,
                       [&]<typename T>(T) { return clip_kernel<T>(view); });
}

constexpr KernelEntry kTable[] = {{"Clip", bind_clip}};

}  // namespace

extern constinit const std::span<const KernelEntry> kClipKernels = kTable;

}  // namespace mini_infer::cuda
