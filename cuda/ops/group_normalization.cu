#include "core/try.h"
#include "cuda/backend.h"
#include "cuda/moments.h"
#include "cuda/place.h"
#include "cuda/row.h"
#include "cuda/runs.h"
#include "ops/channel_normalization.h"
#include "ops/dispatch.h"

// InstanceNormalization, GroupNormalization.
namespace mini_infer::cuda {
namespace {

using core::Result;
using ops::GroupNormalizationGeometry;
using ops::Kernel;
using ops::KernelArgs;
using ops::NodeView;

// Groups of all samples are counted through.
template <typename T>
struct Groups {
  const T* x;
  const T* scale;
  const T* bias;
  T* y;
  GroupNormalizationGeometry of;
  float epsilon;

  __device__ std::int64_t per_group() const { return of.view.channels / of.groups; }

  // Normalises a Row or Runs; channel(i) is the channel in its group of what `elements` calls i.
  template <typename Team, typename Elements, typename Channel>
  __device__ void run(const Team& team, const Elements& elements, std::int64_t group,
                      std::int64_t first, Channel channel) const {
    const std::int64_t count = per_group() * of.view.inner;
    const float mean = mean_of(team, elements, count);
    const float factor = 1.0f / std::sqrt(variance_of(team, elements, count, mean) + epsilon);
    const std::int64_t of_sample = group % of.groups;
    elements.store(y + first, [&](std::int64_t i, float element) {
      const std::int64_t at = of.scale_per_group ? of_sample : of_sample * per_group() + channel(i);
      const ops::Standardize function{mean, ops::widened(scale[at]) * factor,
                                      ops::widened(bias[at])};
      return function(element);
    });
  }
};

// Neighbours are of one channel.
template <typename T, int kWidth>
struct PlanesBody {
  Groups<T> groups;

  template <typename Team>
  __device__ void operator()(std::int64_t group, const Team& team) const {
    const std::int64_t inner = groups.of.view.inner;
    const std::int64_t extent = groups.per_group() * inner;
    const Row<Team, T, kWidth> row(team, groups.x + group * extent, extent);
    groups.run(team, row, group, group * extent, [inner](std::int64_t i) {
      auto channel = static_cast<std::uint64_t>(i);
      take_axis(channel, inner);
      return static_cast<std::int64_t>(channel);
    });
  }
};

// Neighbours are of neighbouring channels.
template <typename T>
struct PixelsBody {
  Groups<T> groups;

  template <typename Team>
  __device__ void operator()(std::int64_t group, const Team& team) const {
    const auto& view = groups.of.view;
    const std::int64_t sample = group / groups.of.groups;
    const std::int64_t first =
        sample * view.inner * view.channels + group % groups.of.groups * groups.per_group();
    const Runs<Team, T> pixels(team, groups.x + first,
                               {groups.per_group(), view.inner, view.channels});
    groups.run(team, pixels, group, first, [](std::int64_t i) { return i; });
  }
};

template <typename T, typename Team, typename Body>
Kernel group_kernel(const GroupNormalizationGeometry& of, float epsilon) {
  return [of, epsilon](const KernelArgs& args) {
    const Groups<T> groups{args.in<T>(0), args.in<T>(1), args.in<T>(2), args.out<T>(0), of,
                           epsilon};
    return for_each_team<Team>("group_normalization", of.view.outer * of.groups, args.queue,
                               Body{groups});
  };
}

template <typename T>
Kernel bind_groups(const GroupNormalizationGeometry& of, float epsilon) {
  if (of.view.empty()) return nothing_to_do();
  const std::int64_t groups = of.view.outer * of.groups;
  const std::int64_t extent = of.view.channels / of.groups * of.view.inner;
  if (of.layout == ops::Layout::kNchw) {
    return with_row<T>(groups, extent, false, [&]<typename Team, int kWidth>(Team, Width<kWidth>) {
      return group_kernel<T, Team, PlanesBody<T, kWidth>>(of, epsilon);
    });
  }
  return with_team(groups, extent, false, [&]<typename Team>(Team) {
    return group_kernel<T, Team, PixelsBody<T>>(of, epsilon);
  });
}

Result<Kernel> bind_group_normalization(const NodeView& view) {
  MI_ASSIGN(const GroupNormalizationGeometry geometry, ops::group_normalization_geometry(view));
  const float epsilon = view.node().get_float("epsilon", 1e-5f);
  return ops::for_type(view, view.input_type(0), ops::StoredFloats{},
                       [&]<typename T>(T) { return bind_groups<T>(geometry, epsilon); });
}

constexpr KernelEntry kTable[] = {
    {"InstanceNormalization", bind_group_normalization},
    {"GroupNormalization", bind_group_normalization},
    {"GroupNormalization", bind_group_normalization, graph::kInternalDomain},
};

}  // namespace

extern constinit const std::span<const KernelEntry> kGroupNormalizationKernels = kTable;

}  // namespace mini_infer::cuda
