#include "ops/layer_normalization.h"

#include <algorithm>

#include "cpu/backend.h"
#include "cpu/ops/epilogue.h"
#include "cpu/ops/moments.h"
#include "cpu/ops/optional_output.h"
#include "cpu/ops/share_rows.h"
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

struct RowStatistics {
  float mean = 0;
  float factor = 1;  // 1 / deviation
};

using Statistics = RowStatistics (*)(const Runs& row, float epsilon);

RowStatistics around_mean(const Runs& row, float epsilon) {
  const Moments moments = moments_of(row);
  return {static_cast<float>(moments.mean), moments.inverse_deviation(epsilon)};
}

RowStatistics around_zero(const Runs& row, float epsilon) {
  const double squares = sum_of(row, [](double value) { return value * value; });
  const Moments moments{.mean = 0, .variance = squares / static_cast<double>(row.elements())};
  return {0, moments.inverse_deviation(epsilon)};
}

// Rows of neighbours, each normalised alone, times a scale and plus a bias.
class Normalization {
 public:
  Normalization(LayerNormalizationGeometry geometry, Statistics statistics, float epsilon)
      : geometry_(std::move(geometry)), statistics_(statistics), epsilon_(epsilon) {}

  std::int64_t rows() const { return geometry_.rows; }
  std::int64_t residual_rows() const { return geometry_.residual_rows; }
  std::int64_t extent() const { return geometry_.extent; }

  // `y` may be `x`; `bias` may be null.
  RowStatistics normalize(const float* x, std::int64_t row, const float* scale, const float* bias,
                          float* y) const {
    const RowStatistics statistics = statistics_({x, extent()}, epsilon_);
    const auto [mean, factor] = statistics;
    if (geometry_.scale.per_row && bias == nullptr) {
      for (std::int64_t i = 0; i < extent(); ++i) y[i] = (x[i] - mean) * factor * scale[i];
    } else if (geometry_.scale.per_row && geometry_.bias.per_row) {
      for (std::int64_t i = 0; i < extent(); ++i) {
        y[i] = (x[i] - mean) * factor * scale[i] + bias[i];
      }
    } else {
      for (std::int64_t i = 0; i < extent(); ++i) y[i] = (x[i] - mean) * factor;
      combine(geometry_.scale, scale, row, extent(), y, ops::Mul{});
      if (bias != nullptr) combine(geometry_.bias, bias, row, extent(), y, ops::Add{});
    }
    return statistics;
  }

 private:
  LayerNormalizationGeometry geometry_;
  Statistics statistics_;
  float epsilon_;
};

template <Statistics kStatistics>
Result<Normalization> normalization_of(const NodeView& view) {
  for (int slot = 0; slot < view.input_count(); ++slot) {
    if (view.has_input(slot) && view.input_type(slot) != DataType::kFloat32) {
      return view.unsupported_type(view.input_type(slot));
    }
  }
  MI_ASSIGN(LayerNormalizationGeometry geometry, ops::layer_normalization_geometry(view));
  return Normalization(std::move(geometry), kStatistics, view.node().get_float("epsilon", 1e-5f));
}

template <Statistics kStatistics>
Result<Kernel> bind_normalization(const NodeView& view) {
  MI_ASSIGN(const Normalization of, normalization_of<kStatistics>(view));
  return Kernel([of](const KernelArgs& args) -> Status {
    float* means = optional_output(args, 1);
    float* factors = optional_output(args, 2);
    share_rows(*args.threads, of.rows(), of.extent(), [&](std::int64_t row) {
      const std::int64_t at = row * of.extent();
      const auto [mean, factor] = of.normalize(args.in<float>(0) + at, row, args.in<float>(1),
                                               optional_input(args, 2), args.out<float>(0) + at);
      if (means != nullptr) means[row] = mean;
      if (factors != nullptr) factors[row] = factor;
    });
    return Status::SUCCESS;
  });
}

// The sum is kept in output 1, or else where the normalised row goes. Either output may be either
// addend: a row is read before it is written.
template <Statistics kStatistics>
Result<Kernel> bind_with_residual(const NodeView& view) {
  MI_ASSIGN(const Normalization of, normalization_of<kStatistics>(view));
  return Kernel([of](const KernelArgs& args) -> Status {
    float* sums = optional_output(args, 1);
    if (sums == nullptr) sums = args.out<float>(0);
    share_rows(*args.threads, of.rows(), of.extent(), [&](std::int64_t row) {
      const std::int64_t at = row * of.extent();
      const float* x = args.in<float>(0) + at;
      const float* residual =
          args.in<float>(ops::kNormalizationResidual) + row % of.residual_rows() * of.extent();
      float* sum = sums + at;
      for (std::int64_t i = 0; i < of.extent(); ++i) sum[i] = x[i] + residual[i];
      of.normalize(sum, row, args.in<float>(1), optional_input(args, 2), args.out<float>(0) + at);
    });
    return Status::SUCCESS;
  });
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
