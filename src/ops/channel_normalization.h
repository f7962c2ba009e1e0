#pragma once

#include "ops/spatial.h"

namespace mini_infer::ops {

// Of BatchNormalization: the input seen as [outer, channels, inner], one scale, bias, mean and
// variance per channel. With `spatial` 0 (before opset 9) each element of a sample is a channel.
core::Result<ChannelView> batch_normalization_view(const NodeView& view);

// Of InstanceNormalization and GroupNormalization: each sample's channels in `groups` groups of
// neighbours, each with a mean and a variance of its own.
struct GroupNormalizationGeometry {
  ChannelView view;  // outer: samples; inner: positions, in either layout
  Layout layout = Layout::kNchw;
  std::int64_t groups = 1;
  bool scale_per_group = false;  // GroupNormalization before opset 21; else per channel
};
core::Result<GroupNormalizationGeometry> group_normalization_geometry(const NodeView& view);

// Of LRN: the channels [c - before, c + after] that normalise channel c.
struct LrnGeometry {
  ChannelView view;
  std::int64_t before = 0;
  std::int64_t after = 0;
};
core::Result<LrnGeometry> lrn_geometry(const NodeView& view);

}  // namespace mini_infer::ops
