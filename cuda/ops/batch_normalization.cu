#include <cmath>

#include "core/try.h"
#include "cuda/backend.h"
#include "cuda/moments.h"
#include "cuda/optional.h"
#include "cuda/place.h"
#include "cuda/row.h"
#include "cuda/runs.h"
#include "ops/channel_normalization.h"
#include "ops/dispatch.h"

// BatchNormalization: y = (x - mean) * scale / sqrt(variance + epsilon) + bias.
namespace mini_infer::cuda {
namespace {

using core::DataType;
using core::Result;
using ops::ChannelView;
using ops::Kernel;
using ops::KernelArgs;
using ops::NodeView;

// The types of the inputs that have one number per channel, each stored in any way.
struct ParameterTypes {
  DataType of[5];  // by slot

  static Result<ParameterTypes> checked(const NodeView& view) {
    ParameterTypes types{};
    for (int slot = 1; slot < 5; ++slot) {
      const DataType type = view.input_type(slot);
      const bool served =
          type == DataType::kFloat32 || type == DataType::kFloat16 || type == DataType::kBFloat16;
      if (!served) return view.unsupported_type(type);
      types.of[slot] = type;
    }
    return types;
  }
};

struct PerChannel {
  const void* numbers;
  DataType type;

  static PerChannel of(const KernelArgs& args, const ParameterTypes& types, int slot) {
    return {args.in<void>(slot), types.of[slot]};
  }

  __device__ float at(std::int64_t c) const {
    switch (type) {
      case DataType::kFloat16:
        return ops::widened(static_cast<const ops::Float16*>(numbers)[c]);
      case DataType::kBFloat16:
        return ops::widened(static_cast<const ops::BFloat16*>(numbers)[c]);
      default:
        return static_cast<const float*>(numbers)[c];
    }
  }

  // The same channel of an output of this type.
  __device__ void store(void* to, std::int64_t c, float number) const {
    switch (type) {
      case DataType::kFloat16:
        static_cast<ops::Float16*>(to)[c] = ops::to_float16(number);
        return;
      case DataType::kBFloat16:
        static_cast<ops::BFloat16*>(to)[c] = ops::to_bfloat16(number);
        return;
      default:
        static_cast<float*>(to)[c] = number;
    }
  }
};

struct BatchNormalization {
  ChannelView view;
  float epsilon;
  PerChannel scale, bias, mean, variance;

  BatchNormalization(const ChannelView& of, float of_epsilon, const ParameterTypes& types,
                     const KernelArgs& args)
      : view(of),
        epsilon(of_epsilon),
        scale(PerChannel::of(args, types, 1)),
        bias(PerChannel::of(args, types, 2)),
        mean(PerChannel::of(args, types, 3)),
        variance(PerChannel::of(args, types, 4)) {}

  __device__ ops::Standardize channel(std::int64_t c) const {
    return {mean.at(c), scale.at(c) / std::sqrt(variance.at(c) + epsilon), bias.at(c)};
  }
};

// Elements from one pixel to the next, channels last.
struct Pixels {
  std::int64_t x_pitch, y_pitch;
};

// kWidth neighbours: of one channel, or of one pixel.
template <typename T, int kWidth>
struct BatchBody {
  const T* x;
  T* y;
  Pixels pixels;
  BatchNormalization of;

  __device__ void operator()(std::int64_t item) const {
    if (of.view.inner == 1) {
      of_pixel(item);
    } else {
      of_channel(item);
    }
  }

  __device__ void of_pixel(std::int64_t item) const {
    auto pixel = static_cast<std::uint64_t>(item);
    const std::int64_t first = take_axis(pixel, of.view.channels / kWidth) * kWidth;
    const auto at = static_cast<std::int64_t>(pixel);
    float numbers[kWidth];
    load_wide(x + at * pixels.x_pitch + first, numbers);
    for (int i = 0; i < kWidth; ++i) numbers[i] = of.channel(first + i)(numbers[i]);
    store_wide(y + at * pixels.y_pitch + first, numbers);
  }

  __device__ void of_channel(std::int64_t item) const {
    auto rest = static_cast<std::uint64_t>(item);
    float numbers[kWidth];
    load_wide(x + item * kWidth, numbers);
    take_axis(rest, of.view.inner / kWidth);
    const ops::Standardize function = of.channel(take_axis(rest, of.view.channels));
    for (float& number : numbers) number = function(number);
    store_wide(y + item * kWidth, numbers);
  }
};

// Training: a channel with the batch's own statistics, which also move the running ones on.
template <typename T>
struct TrainingBody {
  const T* x;
  T* y;
  void* means;
  void* variances;
  BatchNormalization of;
  float momentum;

  template <typename Team>
  __device__ void operator()(std::int64_t c, const Team& team) const {
    const auto& [outer, channels, inner] = of.view;
    const std::int64_t first = c * inner;
    const Runs<Team, T> elements(team, x + first, {inner, outer, channels * inner});
    const float mean = mean_of(team, elements, outer * inner);
    const float variance = variance_of(team, elements, outer * inner, mean);
    const std::int64_t channel = c < channels ? c : 0;  // idle threads have none
    const ops::Standardize function{mean, of.scale.at(channel) / std::sqrt(variance + of.epsilon),
                                    of.bias.at(channel)};
    elements.store(y + first, [&](std::int64_t, float element) { return function(element); });
    if (team.rank != 0) return;
    move_on(of.mean, means, c, mean);
    move_on(of.variance, variances, c, variance);
  }

  // Running statistics are stored as they were given.
  __device__ void move_on(const PerChannel& running, void* to, std::int64_t c,
                          float current) const {
    if (to != nullptr) {
      running.store(to, c, running.at(c) * momentum + current * (1 - momentum));
    }
  }
};

template <typename T, int kWidth>
Kernel batch_kernel(const ChannelView& of, const Pixels& pixels, float epsilon,
                    const ParameterTypes& types) {
  return [=](const KernelArgs& args) {
    return for_each(
        "batch_normalization", of.outer * of.channels * of.inner / kWidth, args.queue,
        BatchBody<T, kWidth>{args.in<T>(0), args.out<T>(0), pixels, {of, epsilon, types, args}});
  };
}

template <typename T>
Kernel inference_kernel(const ChannelView& of, const Pixels& pixels, float epsilon,
                        const ParameterTypes& types) {
  if (of.empty()) return nothing_to_do();
  constexpr int kCount = Pack<T>::kCount;
  const std::int64_t neighbours = of.inner == 1 ? of.channels : of.inner;
  return neighbours % kCount == 0 ? batch_kernel<T, kCount>(of, pixels, epsilon, types)
                                  : batch_kernel<T, 1>(of, pixels, epsilon, types);
}

template <typename T>
Kernel training_kernel(const NodeView& view, const ChannelView& of, float epsilon,
                       const ParameterTypes& types) {
  const float momentum = view.node().get_float("momentum", 0.9f);
  return with_team(of.channels, of.outer * of.inner, false, [&]<typename Team>(Team) {
    return Kernel([=](const KernelArgs& args) {
      return for_each_team<Team>("batch_training", of.channels, args.queue,
                                 TrainingBody<T>{args.in<T>(0),
                                                 args.out<T>(0),
                                                 optional_output<void>(args, 1),
                                                 optional_output<void>(args, 2),
                                                 {of, epsilon, types, args},
                                                 momentum});
    });
  });
}

Result<Kernel> bind_batch_normalization(const NodeView& view) {
  MI_ASSIGN(const ChannelView of, ops::batch_normalization_view(view));
  MI_ASSIGN(const ParameterTypes types, ParameterTypes::checked(view));
  const Pixels pixels{view.input_pitch(0, of.channels), view.output_pitch(0, of.channels)};
  const float epsilon = view.node().get_float("epsilon", 1e-5f);
  const bool training = view.node().get_int("training_mode", 0) != 0;
  return ops::for_type(view, view.input_type(0), ops::StoredFloats{}, [&]<typename T>(T) {
    return training ? training_kernel<T>(view, of, epsilon, types)
                    : inference_kernel<T>(of, pixels, epsilon, types);
  });
}

constexpr KernelEntry kTable[] = {
    {"BatchNormalization", bind_batch_normalization},
    {"BatchNormalization", bind_batch_normalization, graph::kInternalDomain},
};

}  // namespace

extern constinit const std::span<const KernelEntry> kBatchNormalizationKernels = kTable;

}  // namespace mini_infer::cuda
