#include "ops/channel_normalization.h"

#include <algorithm>
#include <cmath>

#include "cpu/backend.h"
#include "cpu/ops/dispatch.h"
#include "cpu/ops/moments.h"
#include "cpu/ops/optional_output.h"
#include "cpu/ops/share_rows.h"

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

constexpr int kBlock = 64;  // neighbours that are computed together
constexpr int kStandardize = index_of<ops::Standardize>(UnaryFunctors{});

// An input of one number per channel, stored in any way; read where it is used once per channel.
struct PerChannel {
  DataType type = DataType::kFloat32;
  int slot = 0;

  float at(const KernelArgs& args, std::int64_t c) const {
    switch (type) {
      case DataType::kFloat16:
        return ops::widened(args.in<ops::Float16>(slot)[c]);
      case DataType::kBFloat16:
        return ops::widened(args.in<ops::BFloat16>(slot)[c]);
      default:
        return args.in<float>(slot)[c];
    }
  }

  static Result<PerChannel> of(const NodeView& view, int slot) {
    const DataType type = view.input_type(slot);
    const bool served =
        type == DataType::kFloat32 || type == DataType::kFloat16 || type == DataType::kBFloat16;
    if (!served) return view.unsupported_type(type);
    return PerChannel{type, slot};
  }

  // The same channel of an output of this type.
  void store(const KernelArgs& args, int output, std::int64_t c, float number) const {
    switch (type) {
      case DataType::kFloat16:
        args.out<ops::Float16>(output)[c] = ops::to_float16(number);
        return;
      case DataType::kBFloat16:
        args.out<ops::BFloat16>(output)[c] = ops::to_bfloat16(number);
        return;
      default:
        args.out<float>(output)[c] = number;
    }
  }
};

// --- BatchNormalization: y = (x - mean) * scale / sqrt(variance + epsilon) + bias ---

struct BatchNormalization {
  ChannelView view;
  // Elements from one pixel to the next, channels last.
  std::int64_t input_pitch = 0;
  std::int64_t output_pitch = 0;
  float epsilon = 0;
  PerChannel scale, bias, mean, variance;

  static Result<BatchNormalization> of(const NodeView& view) {
    BatchNormalization of;
    of.epsilon = view.node().get_float("epsilon", 1e-5f);
    MI_ASSIGN(of.view, ops::batch_normalization_view(view));
    of.input_pitch = view.input_pitch(0, of.view.channels);
    of.output_pitch = view.output_pitch(0, of.view.channels);
    MI_ASSIGN(of.scale, PerChannel::of(view, 1));
    MI_ASSIGN(of.bias, PerChannel::of(view, 2));
    MI_ASSIGN(of.mean, PerChannel::of(view, 3));
    MI_ASSIGN(of.variance, PerChannel::of(view, 4));
    return of;
  }

  ops::Standardize channel(const KernelArgs& args, std::int64_t c) const {
    const float factor = scale.at(args, c) / std::sqrt(variance.at(args, c) + epsilon);
    return {mean.at(args, c), factor, bias.at(args, c)};
  }
};

// Neighbours are of one channel.
template <typename T>
Kernel plane_kernel(const BatchNormalization& of, const Simd& simd) {
  const UnaryLoop loop = simd.loops_of<T>().unary[kStandardize];
  return [of, loop](const KernelArgs& args) -> Status {
    if (of.view.empty()) return Status::SUCCESS;
    const auto& view = of.view;
    share_rows(*args.threads, view.outer * view.channels, view.inner, [&](std::int64_t plane) {
      const ops::Standardize function = of.channel(args, plane % view.channels);
      const std::int64_t at = plane * view.inner;
      loop(&function, args.in<T>(0) + at, args.out<T>(0) + at, view.inner);
    });
    return Status::SUCCESS;
  };
}

// `count` channels from `first` on, as y = x * factor + offset.
struct ChannelBlock {
  float factors[kBlock];
  float offsets[kBlock];

  ChannelBlock(const BatchNormalization& of, const KernelArgs& args, std::int64_t first,
               std::int64_t count) {
    for (std::int64_t c = 0; c < count; ++c) {
      const ops::Standardize channel = of.channel(args, first + c);
      factors[c] = channel.factor;
      offsets[c] = channel.bias - channel.mean * channel.factor;
    }
  }
};

// Neighbours are of neighbouring channels.
template <typename T>
Kernel pixel_kernel(const BatchNormalization& of, const Simd& simd) {
  const NormalizeFunction normalize = simd.loops_of<T>().normalize[0];
  return [of, normalize](const KernelArgs& args) -> Status {
    if (of.view.empty()) return Status::SUCCESS;
    const std::int64_t channels = of.view.channels;
    const auto run_pixels = [&](std::int64_t pixel, std::int64_t last) {
      for (std::int64_t c = 0; c < channels; c += kBlock) {
        const std::int64_t count = std::min<std::int64_t>(kBlock, channels - c);
        const ChannelBlock block(of, args, c, count);
        for (std::int64_t at = pixel; at < last; ++at) {
          normalize({.x = args.in<T>(0) + at * of.input_pitch + c,
                     .y = args.out<T>(0) + at * of.output_pitch + c,
                     .extent = count,
                     .mean = 0,
                     .factor = 1,
                     .scale = block.factors,
                     .bias = block.offsets});
        }
      }
    };
    for_pieces(*args.threads, of.view.outer, items_per_piece(channels), run_pixels);
    return Status::SUCCESS;
  };
}

// Training: the batch's own statistics, which also move the running ones on.
struct BatchTraining {
  BatchNormalization of;
  float momentum;
  FloatLoops loops;

  template <typename T>
  void run(const KernelArgs& args) const {
    for (std::int64_t c = 0; c < of.view.channels; ++c) {
      const Moments moments = moments_of(loops, channel(args.in<T>(0), c));
      normalize_channel<T>(args, c, moments);
      store(args, 1, c, of.mean, moments.mean);
      store(args, 2, c, of.variance, moments.variance);
    }
  }

 private:
  template <typename T>
  Runs channel(const T* x, std::int64_t c) const {
    return {.first = x + c * of.view.inner,
            .length = of.view.inner,
            .count = of.view.outer,
            .step = of.view.channels * of.view.inner};
  }

  template <typename T>
  void normalize_channel(const KernelArgs& args, std::int64_t c, const Moments& moments) const {
    const ops::Standardize function{static_cast<float>(moments.mean),
                                    of.scale.at(args, c) * moments.inverse_deviation(of.epsilon),
                                    of.bias.at(args, c)};
    for (std::int64_t outer = 0; outer < of.view.outer; ++outer) {
      const std::int64_t at = (outer * of.view.channels + c) * of.view.inner;
      loops.unary[kStandardize](&function, args.in<T>(0) + at, args.out<T>(0) + at, of.view.inner);
    }
  }

  // Running statistics are stored as they were given.
  void store(const KernelArgs& args, std::size_t output, std::int64_t c, const PerChannel& running,
             double current) const {
    if (optional_output<std::byte>(args, output) == nullptr) return;
    const float moved =
        running.at(args, c) * momentum + static_cast<float>(current) * (1 - momentum);
    running.store(args, static_cast<int>(output), c, moved);
  }
};

template <typename T>
Kernel training_kernel(const NodeView& view, const BatchNormalization& of, const Simd& simd) {
  const BatchTraining training{
      .of = of, .momentum = view.node().get_float("momentum", 0.9f), .loops = simd.loops_of<T>()};
  return [training](const KernelArgs& args) -> Status {
    training.run<T>(args);
    return Status::SUCCESS;
  };
}

Result<Kernel> bind_batch_normalization(const NodeView& view, const BindContext& context) {
  MI_ASSIGN(const BatchNormalization of, BatchNormalization::of(view));
  const bool training = view.node().get_int("training_mode", 0) != 0;
  return for_type(view, view.input_type(0), StoredFloats{}, [&]<typename T>(T) {
    return training             ? training_kernel<T>(view, of, *context.simd)
           : of.view.inner == 1 ? pixel_kernel<T>(of, *context.simd)
                                : plane_kernel<T>(of, *context.simd);
  });
}

// --- InstanceNormalization, GroupNormalization ---

template <typename T>
struct GroupNormalizer {
  GroupNormalizationGeometry geometry;
  float epsilon;
  const FloatLoops* loops;

  std::int64_t per_group() const { return geometry.view.channels / geometry.groups; }

  ops::Standardize channel(const KernelArgs& args, std::int64_t group, std::int64_t c,
                           const Moments& moments) const {
    const std::int64_t at = geometry.scale_per_group ? group : group * per_group() + c;
    return {static_cast<float>(moments.mean),
            ops::widened(args.in<T>(1)[at]) * moments.inverse_deviation(epsilon),
            ops::widened(args.in<T>(2)[at])};
  }

  // Neighbours are of one channel. Groups of all samples are counted through.
  void run_planes(const KernelArgs& args, std::int64_t group) const {
    const std::int64_t inner = geometry.view.inner;
    std::int64_t at = group * per_group() * inner;
    const Moments moments = moments_of(*loops, {args.in<T>(0) + at, per_group() * inner});
    for (std::int64_t c = 0; c < per_group(); ++c, at += inner) {
      const ops::Standardize function = channel(args, group % geometry.groups, c, moments);
      loops->unary[kStandardize](&function, args.in<T>(0) + at, args.out<T>(0) + at, inner);
    }
  }

  // Neighbours are of neighbouring channels.
  void run_pixels(const KernelArgs& args, std::int64_t group) const {
    const auto& view = geometry.view;
    const std::int64_t of_sample = group % geometry.groups;
    const std::int64_t first =
        group / geometry.groups * view.inner * view.channels + of_sample * per_group();
    const Moments moments =
        moments_of(*loops, {args.in<T>(0) + first, per_group(), view.inner, view.channels});
    for (std::int64_t c = 0; c < per_group(); ++c) {
      const ops::Standardize function = channel(args, of_sample, c, moments);
      for (std::int64_t position = 0; position < view.inner; ++position) {
        const std::int64_t at = first + c + position * view.channels;
        args.out<T>(0)[at] = ops::convert<T>(function(ops::widened(args.in<T>(0)[at])));
      }
    }
  }
};

template <typename T>
Kernel group_kernel(const GroupNormalizer<T>& normalizer) {
  const auto run = normalizer.geometry.layout == ops::Layout::kNchw
                       ? &GroupNormalizer<T>::run_planes
                       : &GroupNormalizer<T>::run_pixels;
  return [normalizer, run](const KernelArgs& args) -> Status {
    const auto& geometry = normalizer.geometry;
    if (geometry.view.empty()) return Status::SUCCESS;
    share_rows(*args.threads, geometry.view.outer * geometry.groups,
               normalizer.per_group() * geometry.view.inner,
               [&](std::int64_t group) { (normalizer.*run)(args, group); });
    return Status::SUCCESS;
  };
}

Result<Kernel> bind_group_normalization(const NodeView& view, const BindContext& context) {
  MI_ASSIGN(const GroupNormalizationGeometry geometry, ops::group_normalization_geometry(view));
  const float epsilon = view.node().get_float("epsilon", 1e-5f);
  return for_type(view, view.input_type(0), StoredFloats{}, [&]<typename T>(T) {
    return group_kernel<T>({geometry, epsilon, &context.simd->loops_of<T>()});
  });
}

// --- LRN: y = x / (bias + alpha / size * Σ x²)^beta, the sum over neighbouring channels ---

struct Lrn {
  LrnGeometry geometry;
  float alpha_over_size, beta, bias;

  // Elements [i, i + count) of channel c.
  template <typename T>
  void run(const T* x, T* y, std::int64_t c, std::int64_t i, std::int64_t count) const {
    const std::int64_t inner = geometry.view.inner;
    const std::int64_t first = std::max<std::int64_t>(0, c - geometry.before);
    const std::int64_t last = c + std::min(geometry.after, geometry.view.channels - 1 - c);
    float squares[kBlock] = {};
    for (std::int64_t other = first; other <= last; ++other) {
      const T* from = x + other * inner + i;
      for (std::int64_t j = 0; j < count; ++j) {
        squares[j] += ops::widened(from[j]) * ops::widened(from[j]);
      }
    }
    for (std::int64_t j = 0; j < count; ++j) {
      const std::int64_t at = c * inner + i + j;
      const float divisor = std::pow(bias + alpha_over_size * squares[j], beta);
      y[at] = ops::convert<T>(ops::widened(x[at]) / divisor);
    }
  }
};

template <typename T>
Kernel lrn_kernel(const Lrn& lrn) {
  return [lrn](const KernelArgs& args) -> Status {
    if (lrn.geometry.view.empty()) return Status::SUCCESS;
    const auto& view = lrn.geometry.view;
    share_rows(*args.threads, view.outer * view.channels, view.inner, [&](std::int64_t channel) {
      const std::int64_t c = channel % view.channels;
      const std::int64_t image = (channel - c) * view.inner;
      for (std::int64_t i = 0; i < view.inner; i += kBlock) {
        lrn.run(args.in<T>(0) + image, args.out<T>(0) + image, c, i,
                std::min<std::int64_t>(kBlock, view.inner - i));
      }
    });
    return Status::SUCCESS;
  };
}

Result<Kernel> bind_lrn(const NodeView& view) {
  MI_ASSIGN(const LrnGeometry geometry, ops::lrn_geometry(view));
  const graph::Node& node = view.node();
  const float size = static_cast<float>(node.get_int("size", 1));
  const Lrn lrn{.geometry = geometry,
                .alpha_over_size = node.get_float("alpha", 1e-4f) / size,
                .beta = node.get_float("beta", 0.75f),
                .bias = node.get_float("bias", 1.0f)};
  return for_type(view, view.input_type(0), StoredFloats{},
                  [&]<typename T>(T) { return lrn_kernel<T>(lrn); });
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
