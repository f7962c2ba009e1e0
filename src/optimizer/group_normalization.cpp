#include "optimizer/group_normalization.h"

#include "optimizer/constants.h"
#include "optimizer/pattern.h"
#include "optimizer/reshape.h"

namespace mini_infer::optimizer {
namespace {

using core::Shape;
using graph::kNoNode;
using graph::Node;
using graph::NodeId;
using graph::ValueId;
using Channels = std::vector<double>;

constexpr int kGroupNormalizationOpset = 21;
constexpr int kChannelAxis = 1;

struct GroupNormalization {
  ValueId x;
  std::int64_t groups;
  Channels scale, bias;
  NodeId last;
};

// One number per group, repeated for its channels; nullopt when it is not constant.
std::optional<Channels> per_channel_of_groups(const Rewriter& rewriter, ValueId value,
                                              std::int64_t channels) {
  const auto constant = float_constant(rewriter.graph(), value);
  if (!constant) return std::nullopt;
  const auto groups = constant->as<float>();
  Channels values(static_cast<std::size_t>(channels));
  const std::size_t per_group = values.size() / groups.size();
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = groups[i / per_group];
  return values;
}

// Whether `groups` is the image with its channels in groups: [N, G, ...], with C a multiple of G.
bool groups_channels(const Shape& groups, const Shape& image) {
  if (image.rank() < 3 || groups.rank() < 3 || image.elements() == 0) return false;
  return groups[0] == image[0] && image[kChannelAxis] % groups[kChannelAxis] == 0;
}

std::optional<GroupNormalization> between_views(const Rewriter& rewriter, NodeId id) {
  const Node& node = rewriter.node(id);
  const NodeId before = rewriter.value(node.inputs[0]).producer;
  const NodeId after = rewriter.only_reader(node.outputs[0]);
  if (before == kNoNode || after == kNoNode) return std::nullopt;
  const bool views = is_view(rewriter.graph(), before) && is_view(rewriter.graph(), after);
  const Shape image = rewriter.input_shape(before);
  const Shape groups = rewriter.input_shape(id);
  if (!views || rewriter.output_shape(after) != image || !groups_channels(groups, image)) {
    return std::nullopt;
  }
  auto scale = per_channel_of_groups(rewriter, node.inputs[1], image[kChannelAxis]);
  auto bias = per_channel_of_groups(rewriter, node.inputs[2], image[kChannelAxis]);
  if (!scale || !bias) return std::nullopt;
  return GroupNormalization{rewriter.node(before).inputs[0], groups[kChannelAxis],
                            std::move(*scale), std::move(*bias), after};
}

// Moves a scale or shift per channel that follows alone into the parameters; false without one.
bool take_follower(const Rewriter& rewriter, GroupNormalization& of) {
  const ValueId value = rewriter.node(of.last).outputs[0];
  const NodeId next = rewriter.only_reader(value);
  if (next == kNoNode) return false;
  const Node& node = rewriter.node(next);
  if (!node.is("Mul") && !node.is("Add")) return false;
  const ValueId other = node.inputs[node.inputs[0] == value ? 1 : 0];
  const auto values =
      per_channel(rewriter.graph(), other, rewriter.output_shape(of.last), kChannelAxis);
  if (!values) return false;
  for (std::size_t i = 0; i < values->size(); ++i) {
    if (node.is("Mul")) of.scale[i] *= (*values)[i];
    of.bias[i] = node.is("Mul") ? of.bias[i] * (*values)[i] : of.bias[i] + (*values)[i];
  }
  of.last = next;
  return true;
}

}  // namespace

void fuse_group_normalization(Rewriter& rewriter, NodeId instance_normalization) {
  auto found = between_views(rewriter, instance_normalization);
  if (!found) return;
  while (take_follower(rewriter, *found)) {
  }
  const std::string name = rewriter.node(instance_normalization).name;
  const float epsilon = rewriter.node(instance_normalization).get_float("epsilon", 1e-5f);
  const Shape channels{static_cast<std::int64_t>(found->scale.size())};
  const ValueId scale =
      rewriter.add_constant(name + "_scale", float_tensor(channels, found->scale));
  const ValueId bias = rewriter.add_constant(name + "_bias", float_tensor(channels, found->bias));
  replace(rewriter, found->last, {found->x, scale, bias},
          {"GroupNormalization",
           kGroupNormalizationOpset,
           {{"num_groups", found->groups}, {"epsilon", epsilon}}});
}

}  // namespace mini_infer::optimizer
