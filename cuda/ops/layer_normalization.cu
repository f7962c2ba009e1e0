#include "core/try.h"
#include "cuda/backend.h"
#include "cuda/moments.h"
#include "cuda/optional.h"
#include "cuda/row.h"
#include "ops/dispatch.h"
#include "ops/layer_normalization.h"

namespace mini_infer::cuda {
namespace {

using core::Result;
using ops::Kernel;
using ops::KernelArgs;
using ops::LayerNormalizationGeometry;
using ops::NodeView;

// A scale or bias with one number for each element of a row, the same ones for all rows.
struct RowParameter {
  template <typename T, int kWidth>
  __device__ void load(const T* from, std::int64_t, std::int64_t at, float (&to)[kWidth]) const {
    load_wide(from + at, to);
  }
};

// Any other one that broadcasts to the input: where its number for an element of the input lies.
struct SpreadParameter {
  static constexpr int kMaxAxes = 9;

  int axes = 0;
  std::int64_t extents[kMaxAxes] = {};  // innermost first
  std::int64_t strides[kMaxAxes] = {};

  static Result<SpreadParameter> of(const NodeView& view, const ops::BroadcastParameter& from) {
    SpreadParameter parameter;
    for (int axis = from.to.rank() - 1; axis >= 0; --axis) {
      if (from.to[axis] == 1) continue;
      if (parameter.axes == kMaxAxes) {
        return view.unsupported("a scale or bias over more than " + std::to_string(kMaxAxes) +
                                " axes");
      }
      parameter.extents[parameter.axes] = from.to[axis];
      parameter.strides[parameter.axes++] = from.strides[static_cast<std::size_t>(axis)];
    }
    return parameter;
  }

  template <typename T>
  __device__ void load(const T* from, std::int64_t row_begin, std::int64_t at,
                       float (&to)[1]) const {
    std::int64_t rest = row_begin + at;
    std::int64_t offset = 0;
    for (int axis = 0; axis < axes; ++axis) {
      offset += rest % extents[axis] * strides[axis];
      rest /= extents[axis];
    }
    to[0] = ops::widened(from[offset]);
  }
};

template <typename Parameter>
struct Normalization {
  std::int64_t rows, extent, residual_rows;
  float epsilon;
  bool around_mean;  // or 0
  Parameter scale = {};
  Parameter bias = {};
};

template <typename T, int kWidth, typename Parameter>
struct NormalizationBody {
  Normalization<Parameter> of;
  const T* x;
  const T* scale;
  const T* bias;
  const T* residual;
  T* y;
  T* sums;
  float* means;
  float* factors;

  template <typename Team>
  __device__ void operator()(std::int64_t number, const Team& team) const {
    const std::int64_t first = number * of.extent;
    Row<Team, T, kWidth> row(team, x + first, of.extent);
    if (residual != nullptr) {
      const std::int64_t at = number % of.residual_rows * of.extent;
      row.add(residual + at, (sums == nullptr ? y : sums) + first, sums != nullptr);
    }
    const float mean = of.around_mean ? mean_of(team, row, of.extent) : 0.0f;
    const float factor = 1.0f / std::sqrt(variance_of(team, row, of.extent, mean) + of.epsilon);
    row.store_chunks(y + first, [&](std::int64_t begin, float(&elements)[kWidth]) {
      float scales[kWidth];
      float biases[kWidth] = {};
      of.scale.load(scale, first, begin, scales);
      if (bias != nullptr) of.bias.load(bias, first, begin, biases);
      for (int i = 0; i < kWidth; ++i) {
        elements[i] = (elements[i] - mean) * factor * scales[i] + biases[i];
      }
    });
    if (team.rank != 0) return;
    if (means != nullptr) means[number] = mean;
    if (factors != nullptr) factors[number] = factor;
  }
};

// With a residual, output 1 is the sum; else it is the means, and output 2 the factors.
template <typename T, int kWidth, typename Team, typename Parameter>
Kernel team_kernel_of(const Normalization<Parameter>& of) {
  const bool adds = of.residual_rows > 0;
  return [of, adds](const KernelArgs& args) {
    return for_each_team<Team>(
        "normalization", of.rows, args.queue,
        NormalizationBody<T, kWidth, Parameter>{
            .of = of,
            .x = args.in<T>(0),
            .scale = args.in<T>(1),
            .bias = optional_input<T>(args, 2),
            .residual = adds ? args.in<T>(ops::kNormalizationResidual) : nullptr,
            .y = args.out<T>(0),
            .sums = adds ? optional_output<T>(args, 1) : nullptr,
            .means = adds ? nullptr : optional_output<float>(args, 1),
            .factors = adds ? nullptr : optional_output<float>(args, 2)});
  };
}

template <typename T>
Kernel normalization_kernel(const Normalization<RowParameter>& of) {
  return with_row<T>(of.rows, of.extent, false,
                     [&]<typename Team, int kWidth>(Team, Width<kWidth>) {
                       return team_kernel_of<T, kWidth, Team>(of);
                     });
}

// Rare, and slow: one kernel for rows of any length.
template <typename T>
Kernel normalization_kernel(const Normalization<SpreadParameter>& of) {
  return team_kernel_of<T, 1, Warp>(of);
}

template <typename Parameter>
Result<Kernel> bind_for_type(const NodeView& view, const Normalization<Parameter>& of) {
  return ops::for_type(view, view.input_type(0), ops::StoredFloats{},
                       [&]<typename T>(T) -> Result<Kernel> {
                         for (int slot = 1; slot < view.input_count(); ++slot) {
                           if (view.has_input(slot) && view.input_type(slot) != ops::kTypeOf<T>) {
                             return view.unsupported_type(view.input_type(slot));
                           }
                         }
                         return normalization_kernel<T>(of);
                       });
}

template <bool kAroundMean>
Result<Kernel> bind_normalization(const NodeView& view) {
  MI_ASSIGN(const LayerNormalizationGeometry geometry, ops::layer_normalization_geometry(view));
  const bool has_statistics = view.has_output(1) || view.has_output(2);
  if (geometry.extent == 0 && !has_statistics) return nothing_to_do();
  const auto normalization = [&]<typename Parameter>(Parameter scale, Parameter bias) {
    return Normalization<Parameter>{.rows = geometry.rows,
                                    .extent = geometry.extent,
                                    .residual_rows = geometry.residual_rows,
                                    .epsilon = view.node().get_float("epsilon", 1e-5f),
                                    .around_mean = kAroundMean,
                                    .scale = scale,
                                    .bias = bias};
  };
  const bool has_bias = view.has_input(2);
  if (geometry.scale.per_row && (!has_bias || geometry.bias.per_row)) {
    return bind_for_type(view, normalization(RowParameter{}, RowParameter{}));
  }
  MI_ASSIGN(const SpreadParameter scale, SpreadParameter::of(view, geometry.scale));
  SpreadParameter bias;
  if (has_bias) {
    MI_ASSIGN(bias, SpreadParameter::of(view, geometry.bias));
  }
  return bind_for_type(view, normalization(scale, bias));
}

constexpr KernelEntry kTable[] = {
    {"LayerNormalization", bind_normalization<true>},
    {"RMSNormalization", bind_normalization<false>},
    {"LayerNormalization", bind_normalization<true>, graph::kInternalDomain},
    {"RMSNormalization", bind_normalization<false>, graph::kInternalDomain},
};

}  // namespace

extern constinit const std::span<const KernelEntry> kLayerNormalizationKernels = kTable;

}  // namespace mini_infer::cuda
