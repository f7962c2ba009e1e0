#include "ops/channel_normalization.h"

#include <algorithm>
#include <cmath>

#include "cpu/backend.h"
#include "cpu/ops/moments.h"
#include "cpu/ops/optional_output.h"

namespace mini_infer::cpu {
namespace {

using core::DataType;
using core::Result;
using core::Status;
using ops::ChannelView;
using ops::GroupNormalizationGeometry;
using ops::Kernel;
using ops::KernelArgs;
using ops::LrnGeometry;
using ops::NodeView;

constexpr int kBlock = 64;  // channels whose factors are computed together

// --- BatchNormalization: y = (x - mean) * scale / sqrt(variance + epsilon) + bias ---

struct Parameters {
  const float *scale, *bias, *mean, *variance;
};

Parameters parameters_of(const KernelArgs& args) {
  return {args.in<float>(1), args.in<float>(2), args.in<float>(3), args.in<float>(4)};
}

// Neighbours are of one channel.
void normalize_planes(const ChannelView& view, const Parameters& of, float epsilon, const float* x,
                      float* y) {
  for (std::int64_t outer = 0; outer < view.outer; ++outer) {
    for (std::int64_t c = 0; c < view.channels; ++c, x += view.inner, y += view.inner) {
      const float factor = of.scale[c] / std::sqrt(of.variance[c] + epsilon);
      const float mean = of.mean[c];
      const float bias = of.bias[c];
      for (std::int64_t i = 0; i < view.inner; ++i) y[i] = (x[i] - mean) * factor + bias;
    }
  }
}

// Neighbours are of neighbouring channels.
void normalize_pixels(const ChannelView& view, const Parameters& of, float epsilon, const float* x,
                      float* y) {
  for (std::int64_t first = 0; first < view.channels; first += kBlock) {
    const std::int64_t count = std::min<std::int64_t>(kBlock, view.channels - first);
    float factors[kBlock];
    for (std::int64_t c = 0; c < count; ++c) {
      factors[c] = of.scale[first + c] / std::sqrt(of.variance[first + c] + epsilon);
    }
    for (std::int64_t outer = 0; outer < view.outer; ++outer) {
      const float* from = x + outer * view.channels + first;
      float* to = y + outer * view.channels + first;
      for (std::int64_t c = 0; c < count; ++c) {
        to[c] = (from[c] - of.mean[first + c]) * factors[c] + of.bias[first + c];
      }
    }
  }
}

// Training: the batch's own statistics, which also move the running ones on.
struct BatchTraining {
  ChannelView view;
  float epsilon, momentum;

  void run(const Parameters& of, const float* x, float* y, float* running_mean,
           float* running_variance) const {
    const auto moved = [this](float running, double current) {
      return running * momentum + static_cast<float>(current) * (1 - momentum);
    };
    for (std::int64_t c = 0; c < view.channels; ++c) {
      const Moments moments = moments_of(channel(x, c));
      normalize_channel(c, of, moments, x, y);
      if (running_mean != nullptr) running_mean[c] = moved(of.mean[c], moments.mean);
      if (running_variance == nullptr) continue;
      running_variance[c] = moved(of.variance[c], moments.variance);
    }
  }

 private:
  Runs channel(const float* x, std::int64_t c) const {
    return {.first = x + c * view.inner,
            .length = view.inner,
            .count = view.outer,
            .step = view.channels * view.inner};
  }

  void normalize_channel(std::int64_t c, const Parameters& of, const Moments& moments,
                         const float* x, float* y) const {
    const auto mean = static_cast<float>(moments.mean);
    const float factor = of.scale[c] * moments.inverse_deviation(epsilon);
    for (std::int64_t outer = 0; outer < view.outer; ++outer) {
      const std::int64_t at = (outer * view.channels + c) * view.inner;
      for (std::int64_t i = at; i < at + view.inner; ++i) {
        y[i] = (x[i] - mean) * factor + of.bias[c];
      }
    }
  }
};

Kernel training_kernel(const NodeView& view, const ChannelView& channels) {
  const BatchTraining training{.view = channels,
                               .epsilon = view.node().get_float("epsilon", 1e-5f),
                               .momentum = view.node().get_float("momentum", 0.9f)};
  return [training](const KernelArgs& args) -> Status {
    training.run(parameters_of(args), args.in<float>(0), args.out<float>(0),
                 optional_output(args, 1), optional_output(args, 2));
    return Status::SUCCESS;
  };
}

Result<Kernel> bind_batch_normalization(const NodeView& view) {
  for (int slot = 0; slot < view.input_count(); ++slot) {
    if (view.input_type(slot) != DataType::kFloat32) {
      return view.unsupported_type(view.input_type(slot));
    }
  }
  MI_ASSIGN(const ChannelView channels, ops::batch_normalization_view(view));
  if (view.node().get_int("training_mode", 0) != 0) return training_kernel(view, channels);
  const float epsilon = view.node().get_float("epsilon", 1e-5f);
  const auto normalize = channels.inner == 1 ? normalize_pixels : normalize_planes;
  return Kernel([channels, epsilon, normalize](const KernelArgs& args) -> Status {
    if (channels.empty()) return Status::SUCCESS;
    normalize(channels, parameters_of(args), epsilon, args.in<float>(0), args.out<float>(0));
    return Status::SUCCESS;
  });
}

// --- InstanceNormalization, GroupNormalization ---

// Neighbours are of one channel.
void normalize_groups(const GroupNormalizationGeometry& geometry, float epsilon, const float* x,
                      const float* scale, const float* bias, float* y) {
  const ChannelView& view = geometry.view;
  const std::int64_t per_group = view.channels / geometry.groups;
  for (std::int64_t outer = 0; outer < view.outer; ++outer) {
    for (std::int64_t group = 0; group < geometry.groups; ++group) {
      const Moments moments = moments_of({x, per_group * view.inner});
      const auto mean = static_cast<float>(moments.mean);
      const float inverse_deviation = moments.inverse_deviation(epsilon);
      for (std::int64_t c = 0; c < per_group; ++c, x += view.inner, y += view.inner) {
        const std::int64_t at = geometry.scale_per_group ? group : group * per_group + c;
        const float factor = scale[at] * inverse_deviation;
        for (std::int64_t i = 0; i < view.inner; ++i) {
          y[i] = (x[i] - mean) * factor + bias[at];
        }
      }
    }
  }
}

// Neighbours are of neighbouring channels.
void normalize_groups_of_pixels(const GroupNormalizationGeometry& geometry, float epsilon,
                                const float* x, const float* scale, const float* bias, float* y) {
  const ChannelView& view = geometry.view;
  const std::int64_t per_group = view.channels / geometry.groups;
  for (std::int64_t sample = 0; sample < view.outer; ++sample) {
    for (std::int64_t c = 0; c < view.channels; c += per_group) {
      const std::int64_t first = sample * view.inner * view.channels + c;
      const Moments moments = moments_of({x + first, per_group, view.inner, view.channels});
      const auto mean = static_cast<float>(moments.mean);
      const float inverse_deviation = moments.inverse_deviation(epsilon);
      for (std::int64_t position = 0; position < view.inner; ++position) {
        const std::int64_t at = first + position * view.channels;
        for (std::int64_t i = 0; i < per_group; ++i) {
          y[at + i] = (x[at + i] - mean) * (scale[c + i] * inverse_deviation) + bias[c + i];
        }
      }
    }
  }
}

Result<Kernel> bind_group_normalization(const NodeView& view) {
  if (view.input_type(0) != DataType::kFloat32) return view.unsupported_type(view.input_type(0));
  MI_ASSIGN(const GroupNormalizationGeometry geometry, ops::group_normalization_geometry(view));
  const float epsilon = view.node().get_float("epsilon", 1e-5f);
  const auto normalize =
      geometry.layout == ops::Layout::kNchw ? normalize_groups : normalize_groups_of_pixels;
  return Kernel([geometry, epsilon, normalize](const KernelArgs& args) -> Status {
    if (geometry.view.empty()) return Status::SUCCESS;
    normalize(geometry, epsilon, args.in<float>(0), args.in<float>(1), args.in<float>(2),
              args.out<float>(0));
    return Status::SUCCESS;
  });
}

// --- LRN: y = x / (bias + alpha / size * Σ x²)^beta, the sum over neighbouring channels ---

struct Lrn {
  LrnGeometry geometry;
  float alpha_over_size, beta, bias;

  // Elements [i, i + count) of channel c.
  void run(const float* x, float* y, std::int64_t c, std::int64_t i, std::int64_t count) const {
    const std::int64_t inner = geometry.view.inner;
    const std::int64_t first = std::max<std::int64_t>(0, c - geometry.before);
    const std::int64_t last = c + std::min(geometry.after, geometry.view.channels - 1 - c);
    float squares[kBlock] = {};
    for (std::int64_t other = first; other <= last; ++other) {
      const float* from = x + other * inner + i;
      for (std::int64_t j = 0; j < count; ++j) squares[j] += from[j] * from[j];
    }
    for (std::int64_t j = 0; j < count; ++j) {
      const std::int64_t at = c * inner + i + j;
      y[at] = x[at] / std::pow(bias + alpha_over_size * squares[j], beta);
    }
  }
};

Result<Kernel> bind_lrn(const NodeView& view) {
  if (view.input_type(0) != DataType::kFloat32) return view.unsupported_type(view.input_type(0));
  MI_ASSIGN(const LrnGeometry geometry, ops::lrn_geometry(view));
  const graph::Node& node = view.node();
  const float size = static_cast<float>(node.get_int("size", 1));
  const Lrn lrn{.geometry = geometry,
                .alpha_over_size = node.get_float("alpha", 1e-4f) / size,
                .beta = node.get_float("beta", 0.75f),
                .bias = node.get_float("bias", 1.0f)};
  return Kernel([lrn](const KernelArgs& args) -> Status {
    if (lrn.geometry.view.empty()) return Status::SUCCESS;
    const auto& [outer, channels, inner] = lrn.geometry.view;
    for (std::int64_t image = 0; image < outer; ++image) {
      const std::int64_t at = image * channels * inner;
      for (std::int64_t c = 0; c < channels; ++c) {
        for (std::int64_t i = 0; i < inner; i += kBlock) {
          lrn.run(args.in<float>(0) + at, args.out<float>(0) + at, c, i,
                  std::min<std::int64_t>(kBlock, inner - i));
        }
      }
    }
    return Status::SUCCESS;
  });
}

constexpr std::string_view kInternal = graph::kInternalDomain;

constexpr KernelEntry kTable[] = {
    {"BatchNormalization", bind_batch_normalization},
    {"BatchNormalization", bind_batch_normalization, kInternal},
    {"InstanceNormalization", bind_group_normalization},
    {"GroupNormalization", bind_group_normalization},
    {"GroupNormalization", bind_group_normalization, kInternal},
    {"LRN", bind_lrn},
    {"LRN", bind_lrn, kInternal},
};

}  // namespace

extern constinit const std::span<const KernelEntry> kChannelNormalizationKernels = kTable;

}  // namespace mini_infer::cpu
