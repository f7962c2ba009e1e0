#include "ops/layer_normalization.h"

#include "cpu/backend.h"
#include "cpu/ops/dispatch.h"
#include "cpu/ops/moments.h"
#include "cpu/ops/optional_output.h"
#include "cpu/ops/share_rows.h"

namespace mini_infer::cpu {
namespace {

using core::Result;
using core::Status;
using ops::Kernel;
using ops::KernelArgs;
using ops::LayerNormalizationGeometry;
using ops::NodeView;

// A row's mean, or 0, and what its elements are multiplied with.
struct RowStatistics {
  float mean, factor;
};

RowStatistics around_mean(const FloatLoops& loops, const Runs& row, float epsilon) {
  const Moments moments = moments_of(loops, row);
  return {static_cast<float>(moments.mean), moments.inverse_deviation(epsilon)};
}

RowStatistics around_zero(const FloatLoops& loops, const Runs& row, float epsilon) {
  const double squares = loops.sum_of_squares(row, 0);
  const Moments moments{.mean = 0, .variance = squares / static_cast<double>(row.elements())};
  return {0, moments.inverse_deviation(epsilon)};
}

using Statistics = RowStatistics (*)(const FloatLoops& loops, const Runs& row, float epsilon);

// Rows of elements stored as T.
template <typename T>
struct Normalizer {
  LayerNormalizationGeometry geometry;
  const FloatLoops* loops;
  Statistics statistics;
  float epsilon;

  // `x` is the row; it may lie where the output does.
  RowStatistics run(const KernelArgs& args, std::int64_t row, const T* x) const {
    const RowStatistics of =
        statistics(*loops, Runs{.first = x, .length = geometry.extent}, epsilon);
    if (geometry.scale.per_row && geometry.bias.per_row) {
      run_row(args, row, x, of);
    } else {
      run_broadcast(args, row, x, of);
    }
    return of;
  }

 private:
  void run_row(const KernelArgs& args, std::int64_t row, const T* x,
               const RowStatistics& of) const {
    loops->normalize[index_of<T>(StoredFloats{})]({.x = x,
                                                   .y = args.out<T>(0) + row * geometry.extent,
                                                   .extent = geometry.extent,
                                                   .mean = of.mean,
                                                   .factor = of.factor,
                                                   .scale = args.in<T>(1),
                                                   .bias = optional_input<T>(args, 2)});
  }

  // Scale or bias differ from row to row.
  void run_broadcast(const KernelArgs& args, std::int64_t row, const T* x,
                     const RowStatistics& of) const {
    const T* scale = args.in<T>(1);
    const T* bias = optional_input<T>(args, 2);
    T* y = args.out<T>(0) + row * geometry.extent;
    for (std::int64_t i = 0; i < geometry.extent; ++i) {
      const std::int64_t at = row * geometry.extent + i;
      const float scaled = (ops::widened(x[i]) - of.mean) * of.factor *
                           ops::widened(scale[geometry.scale.offset(at)]);
      const float offset = bias == nullptr ? 0.0f : ops::widened(bias[geometry.bias.offset(at)]);
      y[i] = ops::convert<T>(scaled + offset);
    }
  }
};

template <typename T>
Kernel normalization_kernel(const Normalizer<T>& normalizer) {
  return [normalizer](const KernelArgs& args) -> Status {
    const std::int64_t extent = normalizer.geometry.extent;
    float* means = optional_output(args, 1);
    float* factors = optional_output(args, 2);
    share_rows(*args.threads, normalizer.geometry.rows, extent, [&](std::int64_t row) {
      const auto [mean, factor] = normalizer.run(args, row, args.in<T>(0) + row * extent);
      if (means != nullptr) means[row] = mean;
      if (factors != nullptr) factors[row] = factor;
    });
    return Status::SUCCESS;
  };
}

// The sum is kept in output 1, or else where the normalised row goes. Either output may be either
// addend: a row is read before it is written.
template <typename T>
Kernel residual_kernel(const Normalizer<T>& normalizer) {
  const BinaryLoop add = normalizer.loops->binary[index_of<ops::Add>(BinaryFunctors{})];
  return [normalizer, add](const KernelArgs& args) -> Status {
    const auto& of = normalizer.geometry;
    T* sums = optional_output<T>(args, 1);
    if (sums == nullptr) sums = args.out<T>(0);
    share_rows(*args.threads, of.rows, of.extent, [&](std::int64_t row) {
      const T* x = args.in<T>(0) + row * of.extent;
      const T* residual =
          args.in<T>(ops::kNormalizationResidual) + row % of.residual_rows * of.extent;
      T* sum = sums + row * of.extent;
      add({.a = {x, 0, false},
           .b = {residual, 0, false},
           .y = sum,
           .rows = 1,
           .length = of.extent});
      normalizer.run(args, row, sum);
    });
    return Status::SUCCESS;
  };
}

// bind(Normalizer<T>) for the type of the node.
template <typename Bind>
Result<Kernel> bind_normalizer(const NodeView& view, const BindContext& context,
                               Statistics statistics, Bind bind) {
  MI_ASSIGN(LayerNormalizationGeometry geometry, ops::layer_normalization_geometry(view));
  if (!view.has_input(2)) geometry.bias.per_row = true;
  const float epsilon = view.node().get_float("epsilon", 1e-5f);
  return for_type(view, view.input_type(0), StoredFloats{}, [&]<typename T>(T) -> Result<Kernel> {
    for (int slot = 1; slot < view.input_count(); ++slot) {
      if (view.has_input(slot) && view.input_type(slot) != kTypeOf<T>) {
        return view.unsupported_type(view.input_type(slot));
      }
    }
    return bind(Normalizer<T>{geometry, &context.simd->loops_of<T>(), statistics, epsilon});
  });
}

template <Statistics kStatistics>
Result<Kernel> bind_normalization(const NodeView& view, const BindContext& context) {
  return bind_normalizer(view, context, kStatistics,
                         [](const auto& normalizer) { return normalization_kernel(normalizer); });
}

template <Statistics kStatistics>
Result<Kernel> bind_with_residual(const NodeView& view, const BindContext& context) {
  return bind_normalizer(view, context, kStatistics,
                         [](const auto& normalizer) { return residual_kernel(normalizer); });
}

constexpr KernelEntry kTable[] = {
    {"LayerNormalization", bind_normalization<around_mean>},
    {"RMSNormalization", bind_normalization<around_zero>},
    {"LayerNormalization", bind_with_residual<around_mean>, graph::kInternalDomain},
    {"RMSNormalization", bind_with_residual<around_zero>, graph::kInternalDomain},
};

}  // namespace

extern constinit const std::span<const KernelEntry> kLayerNormalizationKernels = kTable;

}  // namespace mini_infer::cpu
