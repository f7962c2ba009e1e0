#include "optimizer/layout/channel_shuffle.h"

#include <numeric>

#include "optimizer/layout/permutation.h"
#include "optimizer/reshape.h"

namespace mini_infer::optimizer {
namespace {

using core::Shape;
using graph::kNoNode;
using graph::NodeId;

NodeId only_follower(const Rewriter& rewriter, NodeId id, std::string_view op) {
  const NodeId next = rewriter.only_reader(rewriter.node(id).outputs[0]);
  return next != kNoNode && rewriter.node(next).is(op) ? next : kNoNode;
}

bool splits_channels(const Shape& from, const Shape& to) {
  if (from.rank() < 3 || to.rank() != from.rank() + 1) return false;
  for (int axis = 2; axis < from.rank(); ++axis) {
    if (from[axis] != to[axis + 1]) return false;
  }
  return from[0] == to[0] && from[1] == to[1] * to[2];
}

Permutation identity(int rank) {
  Permutation permutation(static_cast<std::size_t>(rank));
  std::iota(permutation.begin(), permutation.end(), 0);
  return permutation;
}

bool swaps_groups(const Permutation& permutation) {
  Permutation expected = identity(static_cast<int>(permutation.size()));
  std::swap(expected[1], expected[2]);
  return permutation == expected;
}

}  // namespace

std::optional<ChannelShuffle> channel_shuffle_from(const Rewriter& rewriter, NodeId split) {
  if (!rewriter.node(split).is("Reshape")) return std::nullopt;
  const Shape image = rewriter.input_shape(split);
  if (!splits_channels(image, rewriter.output_shape(split))) return std::nullopt;
  const NodeId swap = only_follower(rewriter, split, "Transpose");
  if (swap == kNoNode || !swaps_groups(permutation_of(rewriter.graph(), swap))) return std::nullopt;
  const NodeId join = only_follower(rewriter, swap, "Reshape");
  if (join == kNoNode || rewriter.output_shape(join) != image) return std::nullopt;
  return ChannelShuffle{split, swap, join};
}

std::optional<ChannelShuffle> channel_shuffle_around(const Rewriter& rewriter, NodeId id) {
  NodeId before = id;
  for (int steps_back = 1; steps_back <= 2; ++steps_back) {
    before = rewriter.value(rewriter.node(before).inputs[0]).producer;
    if (before == kNoNode || rewriter.node(before).inputs.empty()) return std::nullopt;
    const auto shuffle = channel_shuffle_from(rewriter, before);
    if (shuffle && (shuffle->swap == id || shuffle->join == id)) return shuffle;
  }
  return std::nullopt;
}

void shuffle_last_axis(Rewriter& rewriter, const ChannelShuffle& shuffle) {
  const Shape image = rewriter.input_shape(shuffle.split);
  const Shape split = rewriter.output_shape(shuffle.split);
  const Shape last = permuted(image, to_channels_last(image.rank()));
  std::vector<std::int64_t> split_last(last.begin(), last.end() - 1);
  split_last.insert(split_last.end(), {split[1], split[2]});
  Permutation swap = identity(split.rank());
  std::swap(swap.end()[-1], swap.end()[-2]);

  make_reshape(rewriter, shuffle.split, rewriter.node(shuffle.split).inputs[0], Shape(split_last));
  rewriter.node(shuffle.swap).attributes["perm"] = std::move(swap);
  make_reshape(rewriter, shuffle.join, rewriter.node(shuffle.join).inputs[0], last);
}

}  // namespace mini_infer::optimizer
