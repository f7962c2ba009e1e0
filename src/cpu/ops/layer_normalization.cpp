#include "ops/layer_normalization.h"

#include <algorithm>

#include "cpu/backend.h"
#include "cpu/ops/epilogue.h"
#include "cpu/ops/moments.h"
#include "cpu/ops/optional_output.h"
#include "ops/functor.h"

namespace mini_infer::cpu {
namespace {

using core::DataType;
using core::Result;
using core::Status;
using ops::BroadcastParameter;
using ops::Kernel;
using ops::KernelArgs;
using ops::LayerNormalizationGeometry;
using ops::NodeView;

// y = function(y, the parameter's number), along a row.
template <typename Function>
void combine(const BroadcastParameter& parameter, const float* values, std::int64_t row,
             std::int64_t extent, float* y, Function function) {
  if (parameter.per_row) {
    for (std::int64_t i = 0; i < extent; ++i) y[i] = function(y[i], values[i]);
    return;
  }
  for (std::int64_t i = 0; i < extent; ++i) {
    y[i] = function(y[i], values[parameter.offset(row * extent + i)]);
  }
}

struct LayerNormalization {
  LayerNormalizationGeometry geometry;
  float epsilon;

  void normalize_row(const KernelArgs& args, std::int64_t row, const float* x, float* y) const {
    const Moments moments = moments_of({x, geometry.extent});
    const auto mean = static_cast<float>(moments.mean);
    const float factor = moments.inverse_deviation(epsilon);
    if (float* means = optional_output(args, 1)) means[row] = mean;
    if (float* factors = optional_output(args, 2)) factors[row] = factor;
    for (std::int64_t i = 0; i < geometry.extent; ++i) y[i] = (x[i] - mean) * factor;
  }
};

struct RmsNormalization {
  LayerNormalizationGeometry geometry;
  float epsilon;

  void normalize_row(const KernelArgs&, std::int64_t, const float* x, float* y) const {
    const double squares = sum_of({x, geometry.extent}, [](double value) { return value * value; });
    const Moments around_zero{.mean = 0,
                              .variance = squares / static_cast<double>(geometry.extent)};
    const float factor = around_zero.inverse_deviation(epsilon);
    for (std::int64_t i = 0; i < geometry.extent; ++i) y[i] = x[i] * factor;
  }
};

template <typename Normalization>
Result<Kernel> bind_normalization(const NodeView& view) {
  for (int slot = 0; slot < view.input_count(); ++slot) {
    if (view.has_input(slot) && view.input_type(slot) != DataType::kFloat32) {
      return view.unsupported_type(view.input_type(slot));
    }
  }
  MI_ASSIGN(LayerNormalizationGeometry geometry, ops::layer_normalization_geometry(view));
  const Normalization normalization{.geometry = std::move(geometry),
                                    .epsilon = view.node().get_float("epsilon", 1e-5f)};
  return Kernel([normalization](const KernelArgs& args) -> Status {
    const LayerNormalizationGeometry& of = normalization.geometry;
    const float* bias = optional_input(args, 2);
    const float* x = args.in<float>(0);
    float* y = args.out<float>(0);
    for (std::int64_t row = 0; row < of.rows; ++row, x += of.extent, y += of.extent) {
      normalization.normalize_row(args, row, x, y);
      combine(of.scale, args.in<float>(1), row, of.extent, y, ops::Mul{});
      if (bias != nullptr) combine(of.bias, bias, row, of.extent, y, ops::Add{});
    }
    return Status::SUCCESS;
  });
}

constexpr KernelEntry kTable[] = {
    {"LayerNormalization", bind_normalization<LayerNormalization>},
    {"RMSNormalization", bind_normalization<RmsNormalization>},
};

}  // namespace

extern constinit const std::span<const KernelEntry> kLayerNormalizationKernels = kTable;

}  // namespace mini_infer::cpu
