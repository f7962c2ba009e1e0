#include "core/try.h"
#include "cuda/backend.h"
#include "cuda/optional.h"
#include "cuda/place.h"
#include "cuda/row.h"
#include "ops/activation.h"
#include "ops/dispatch.h"
#include "ops/scale.h"

namespace mini_infer::cuda {
namespace {

using core::Result;
using ops::Kernel;
using ops::KernelArgs;
using ops::NodeView;
using ops::ScaleGeometry;

// kWidth neighbours of a row: activation(x * gate + residual).
template <typename T, int kWidth>
struct ScaleBody {
  const T* x;
  const T* gates;
  const T* residual;
  T* y;
  ScaleGeometry of;
  ops::Activation activation;

  __device__ void operator()(std::int64_t item) const {
    auto row = static_cast<std::uint64_t>(item);
    const std::int64_t column = take_axis(row, of.length / kWidth) * kWidth;
    const std::int64_t first = item * kWidth;
    float numbers[kWidth];
    float factors[kWidth];
    load_wide(x + first, numbers);
    load_gates(static_cast<std::int64_t>(row) / of.rows_per_gates, column, factors);
    for (int i = 0; i < kWidth; ++i) numbers[i] *= factors[i];
    if (residual != nullptr) {
      float addends[kWidth];
      load_wide(residual + first, addends);
      for (int i = 0; i < kWidth; ++i) numbers[i] += addends[i];
    }
    for (float& number : numbers) number = ops::apply(activation, number);
    store_wide(y + first, numbers);
  }

  __device__ void load_gates(std::int64_t group, std::int64_t column,
                             float (&factors)[kWidth]) const {
    if (of.gate_per_element) {
      load_wide(gates + group * of.length + column, factors);
    } else {
      for (float& factor : factors) factor = ops::widened(gates[group]);
    }
  }
};

template <typename T, int kWidth>
Kernel scale_kernel(const ScaleGeometry& of, const ops::Activation& activation) {
  return [of, activation](const KernelArgs& args) {
    return for_each("scale", of.rows * of.length / kWidth, args.queue,
                    ScaleBody<T, kWidth>{args.in<T>(0), args.in<T>(1), optional_input<T>(args, 2),
                                         args.out<T>(0), of, activation});
  };
}

Result<Kernel> bind_scale(const NodeView& view) {
  return ops::for_type(view, view.input_type(0), ops::StoredFloats{},
                       [&]<typename T>(T) -> Result<Kernel> {
                         MI_ASSIGN(const ScaleGeometry of, ops::scale_geometry(view));
                         const auto activation = ops::Activation::of(view.node());
                         constexpr int kCount = Pack<T>::kCount;
                         return of.length % kCount == 0 ? scale_kernel<T, kCount>(of, activation)
                                                        : scale_kernel<T, 1>(of, activation);
                       });
}

constexpr KernelEntry kTable[] = {{"Scale", bind_scale, graph::kInternalDomain}};

}  // namespace

extern constinit const std::span<const KernelEntry> kScaleKernels = kTable;

}  // namespace mini_infer::cuda
