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

// A scale or bias: where its number for an element of the input lies.
struct Parameter {
  static constexpr int kMaxAxes = 9;

  bool per_row = true;
  int axes = 0;
  std::int64_t extents[kMaxAxes] = {};  // innermost first
  std::int64_t strides[kMaxAxes] = {};

  static Result<Parameter> of(const NodeView& view, const ops::BroadcastParameter& from) {
    Parameter parameter;
    parameter.per_row = from.per_row;
    if (from.per_row) return parameter;
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

  // Its numbers for elements `first` and following of a row.
  template <typename T, int kWidth>
  __device__ void load(const T* from, std::int64_t row, std::int64_t first, std::int64_t extent,
                       float (&to)[kWidth]) const {
    if (per_row) return load_wide(from + first, to);
    float found[kWidth];
    MI_ROLLED  // or it would be most of the kernel
        for (int i = 0; i < kWidth; ++i) {
      found[i] = ops::widened(from[offset(row * extent + first + i)]);
    }
    for (int i = 0; i < kWidth; ++i) to[i] = found[i];
  }

 private:
  __device__ std::int64_t offset(std::int64_t rest) const {
    std::int64_t at = 0;
    for (int axis = 0; axis < axes; ++axis) {
      at += rest % extents[axis] * strides[axis];
      rest /= extents[axis];
    }
    return at;
  }
};

struct Normalization {
  std::int64_t rows, extent, residual_rows;
  float epsilon;
  bool around_mean;  // or 0
  Parameter scale = {};
  Parameter bias = {};
};

template <typename T, int kWidth>
struct NormalizationBody {
  Normalization of;
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
      of.scale.load(scale, number, begin, of.extent, scales);
      if (bias != nullptr) of.bias.load(bias, number, begin, of.extent, biases);
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
template <typename T>
Kernel normalization_kernel(const Normalization& of) {
  const bool adds = of.residual_rows > 0;
  return with_row<T>(
      of.rows, of.extent, false, [&]<typename Team, int kWidth>(Team, Width<kWidth>) {
        return Kernel([=](const KernelArgs& args) {
          return for_each_team<Team>(
              "normalization", of.rows, args.queue,
              NormalizationBody<T, kWidth>{
                  .of = of,
                  .x = args.in<T>(0),
                  .scale = args.in<T>(1),
                  .bias = optional_input<T>(args, 2),
                  .residual = adds ? args.in<T>(ops::kNormalizationResidual) : nullptr,
                  .y = args.out<T>(0),
                  .sums = adds ? optional_output<T>(args, 1) : nullptr,
                  .means = adds ? nullptr : optional_output<float>(args, 1),
                  .factors = adds ? nullptr : optional_output<float>(args, 2)});
        });
      });
}

template <bool kAroundMean>
Result<Kernel> bind_normalization(const NodeView& view) {
  MI_ASSIGN(const LayerNormalizationGeometry geometry, ops::layer_normalization_geometry(view));
  const bool has_statistics = view.has_output(1) || view.has_output(2);
  if (geometry.extent == 0 && !has_statistics) return nothing_to_do();
  Normalization of{.rows = geometry.rows,
                   .extent = geometry.extent,
                   .residual_rows = geometry.residual_rows,
                   .epsilon = view.node().get_float("epsilon", 1e-5f),
                   .around_mean = kAroundMean};
  MI_ASSIGN(of.scale, Parameter::of(view, geometry.scale));
  if (view.has_input(2)) {
    MI_ASSIGN(of.bias, Parameter::of(view, geometry.bias));
  }
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

constexpr KernelEntry kTable[] = {
    {"LayerNormalization", bind_normalization<true>},
    {"RMSNormalization", bind_normalization<false>},
    {"LayerNormalization", bind_normalization<true>, graph::kInternalDomain},
    {"RMSNormalization", bind_normalization<false>, graph::kInternalDomain},
};

}  // namespace

extern constinit const std::span<const KernelEntry> kLayerNormalizationKernels = kTable;

}  // namespace mini_infer::cuda
