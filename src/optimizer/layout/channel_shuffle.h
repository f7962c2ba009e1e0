#pragma once

#include <optional>

#include "optimizer/rewrite.h"

namespace mini_infer::optimizer {

// Channels dealt out anew, as ShuffleNet writes it: [N, C, spatial...] is seen as
// [N, groups, C / groups, spatial...], those two axes are swapped, and the image is seen whole.
struct ChannelShuffle {
  graph::NodeId split;
  graph::NodeId swap;
  graph::NodeId join;
};

// The shuffle that begins with the node `split`, when nobody else reads the values inside.
std::optional<ChannelShuffle> channel_shuffle_from(const Rewriter& rewriter, graph::NodeId split);

// The shuffle that the node is part of but does not begin.
std::optional<ChannelShuffle> channel_shuffle_around(const Rewriter& rewriter, graph::NodeId id);

// Makes the three nodes shuffle the last axis.
void shuffle_last_axis(Rewriter& rewriter, const ChannelShuffle& shuffle);

}  // namespace mini_infer::optimizer
