#include <cmath>

#include "core/try.h"
#include "cuda/backend.h"
#include "cuda/each.h"
#include "cuda/place.h"
#include "cuda/row.h"
#include "ops/channel_normalization.h"
#include "ops/dispatch.h"

namespace mini_infer::cuda {
namespace {

using core::Result;
using ops::Kernel;
using ops::KernelArgs;
using ops::LrnGeometry;
using ops::NodeView;

// y = x / (bias + alpha / size * Σ x²)^beta, the sum over neighbouring channels.
struct Lrn {
  LrnGeometry geometry;
  float alpha_over_size, beta, bias;
};

template <typename T>
struct LrnBody {
  const T* x;
  T* y;
  Lrn of;

  __device__ void operator()(std::int64_t i) const {
    const auto& [outer, channels, inner] = of.geometry.view;
    auto rest = static_cast<std::uint64_t>(i);
    take_axis(rest, inner);
    const std::int64_t channel = take_axis(rest, channels);
    const std::int64_t before = of.geometry.before < channel ? of.geometry.before : channel;
    const std::int64_t behind = channels - 1 - channel;
    const std::int64_t after = of.geometry.after < behind ? of.geometry.after : behind;
    float squares = 0;
    for (std::int64_t other = -before; other <= after; ++other) {
      const float number = ops::widened(x[i + other * inner]);
      squares += number * number;
    }
    const float divisor = std::pow(of.bias + of.alpha_over_size * squares, of.beta);
    y[i] = ops::convert<T>(ops::widened(x[i]) / divisor);
  }
};

Result<Kernel> bind_lrn(const NodeView& view) {
  MI_ASSIGN(const LrnGeometry geometry, ops::lrn_geometry(view));
  const graph::Node& node = view.node();
  const float size = static_cast<float>(node.get_int("size", 1));
  const Lrn lrn{.geometry = geometry,
                .alpha_over_size = node.get_float("alpha", 1e-4f) / size,
                .beta = node.get_float("beta", 0.75f),
                .bias = node.get_float("bias", 1.0f)};
  const std::int64_t elements = view.input_shape(0).elements();
  return ops::for_type(view, view.input_type(0), ops::StoredFloats{}, [&]<typename T>(T) {
    return Kernel([lrn, elements](const KernelArgs& args) {
      return for_each("lrn", elements, args.queue, LrnBody<T>{args.in<T>(0), args.out<T>(0), lrn});
    });
  });
}

constexpr KernelEntry kTable[] = {
    {"LRN", bind_lrn},
    {"LRN", bind_lrn, graph::kInternalDomain},
};

}  // namespace

extern constinit const std::span<const KernelEntry> kLrnKernels = kTable;

}  // namespace mini_infer::cuda
