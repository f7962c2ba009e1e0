#include <algorithm>
#include <span>

#include "core/try.h"
#include "ops/alias.h"
#include "optimizer/layout/channel_shuffle.h"
#include "optimizer/layout/rules.h"
#include "optimizer/reshape.h"

// Reshapes and transposes, which may become something else, or nothing, on channels-last tensors.
namespace mini_infer::optimizer {
namespace {

using core::Shape;
using core::Status;
using graph::kNoNode;
using graph::Node;
using graph::NodeId;
using graph::Value;
using graph::ValueId;

// Batch and channels stay: only the spatial axes, which stay together, are seen differently.
bool reshapes_space_only(const Shape& from, const Shape& to) {
  return from.rank() >= 3 && to.rank() >= 3 && from[0] == to[0] && from[1] == to[1];
}

// The Gemm or MatMul that alone reads the matrix `rows`, and whose constant weights can be permuted
// in its place.
NodeId product_of_rows(const Rewriter& rewriter, ValueId rows) {
  const NodeId id = rewriter.only_reader(rows);
  if (id == kNoNode) return kNoNode;
  const Node& node = rewriter.node(id);
  const bool product = node.op == "Gemm" || node.op == "MatMul";
  if (!product || node.inputs[0] != rows || node.get_int("transA", 0) != 0) return kNoNode;
  const Value& weights = rewriter.value(node.inputs[1]);
  return weights.is_constant() && weights.shape->rank() == 2 ? id : kNoNode;
}

bool flattens_for_product(const Rewriter& rewriter, NodeId id) {
  const Shape from = rewriter.input_shape(id);
  const Shape to = rewriter.output_shape(id);
  return from.rank() >= 3 && to.rank() == 2 && from[0] == to[0] &&
         product_of_rows(rewriter, rewriter.node(id).outputs[0]) != kNoNode;
}

// The nodes in the middle and at the end of a channel shuffle follow its first.
std::optional<LayoutPorts> shuffle_ports(const Rewriter& rewriter, NodeId id) {
  if (channel_shuffle_from(rewriter, id)) return LayoutPorts{.inputs = {0}, .outputs = {}};
  const auto shuffle = channel_shuffle_around(rewriter, id);
  if (!shuffle) return std::nullopt;
  LayoutPorts ports{.decided_by = shuffle->split};
  if (id == shuffle->join) ports.outputs.push_back(0);
  return ports;
}

std::optional<LayoutPorts> reshape_ports(const Rewriter& rewriter, NodeId id) {
  if (auto ports = shuffle_ports(rewriter, id)) return ports;
  if (reshapes_space_only(rewriter.input_shape(id), rewriter.output_shape(id))) {
    return LayoutPorts{.inputs = {0}, .outputs = {0}};
  }
  if (flattens_for_product(rewriter, id)) return LayoutPorts{.inputs = {0}, .outputs = {}};
  return std::nullopt;
}

// The weights of a product whose rows were [C, spatial...] and become [spatial..., C].
Status permute_weights(ConstantForms& forms, NodeId product, const Shape& image) {
  Rewriter& rewriter = forms.rewriter();
  const ValueId weights = rewriter.node(product).inputs[1];
  const Shape shape = *rewriter.value(weights).shape;
  const std::int64_t channels = image[1];
  const std::int64_t positions = image.elements(2, image.rank());
  if (channels == 1 || positions == 1) return Status::SUCCESS;
  const bool transposed = rewriter.node(product).get_int("transB", 0) != 0;
  MI_ASSIGN(const ValueId moved,
            transposed
                ? forms.permuted(weights, Shape{shape[0], channels, positions}, {0, 2, 1}, shape)
                : forms.permuted(weights, Shape{channels, positions, shape[1]}, {1, 0, 2}, shape));
  rewriter.set_input(product, 1, moved);
  return Status::SUCCESS;
}

Status convert_reshape(ConstantForms& forms, NodeId id, const LayoutPorts&) {
  Rewriter& rewriter = forms.rewriter();
  if (const auto shuffle = channel_shuffle_from(rewriter, id)) {
    shuffle_last_axis(rewriter, *shuffle);
    return Status::SUCCESS;
  }
  const Shape from = rewriter.input_shape(id);
  const Shape to = rewriter.output_shape(id);
  const ValueId input = rewriter.node(id).inputs[0];
  if (reshapes_space_only(from, to)) {
    make_reshape(rewriter, id, input, permuted(to, to_channels_last(to.rank())));
    return Status::SUCCESS;
  }
  MI_TRY(permute_weights(forms, product_of_rows(rewriter, rewriter.node(id).outputs[0]), from));
  make_reshape(rewriter, id, input, to);
  return Status::SUCCESS;
}

// What the node does to an input that is channels last.
Permutation on_channels_last(const Rewriter& rewriter, NodeId id) {
  Permutation permutation = permutation_of(rewriter.graph(), id);
  const int rank = static_cast<int>(permutation.size());
  for (std::int64_t& axis : permutation) axis = channels_last_axis(axis, rank);
  return permutation;
}

// Makes a channels-last tensor of its input's bytes, as models that keep channels last have it
// before a convolution. With one spatial axis the same permutation also leads back; what has made
// the input tells the two apart.
bool makes_channels_last(const Rewriter& rewriter, NodeId id) {
  const Permutation permutation = permutation_of(rewriter.graph(), id);
  const int rank = static_cast<int>(permutation.size());
  if (rank < 3 || permutation != inverse(to_channels_last(rank))) return false;
  const NodeId before = rewriter.value(rewriter.node(id).inputs[0]).producer;
  return rank > 3 || before == kNoNode || layout_rule(rewriter.node(before)) == nullptr;
}

std::int64_t bytes_moved(const Value& value, const Shape& shape, const Permutation& permutation) {
  return moves_no_element(shape, permutation) ? 0 : static_cast<std::int64_t>(ops::bytes_of(value));
}

std::optional<LayoutPorts> transpose_ports(const Rewriter& rewriter, NodeId id) {
  const Value& input = rewriter.value(rewriter.node(id).inputs[0]);
  const int rank = input.shape->rank();
  if (rank < 3) return std::nullopt;
  if (auto ports = shuffle_ports(rewriter, id)) return ports;
  LayoutPorts ports;
  ports.cost_first = bytes_moved(input, *input.shape, permutation_of(rewriter.graph(), id));
  if (makes_channels_last(rewriter, id)) {
    ports.outputs.push_back(0);
    return ports;
  }
  ports.inputs.push_back(0);
  ports.cost_last = bytes_moved(input, permuted(*input.shape, to_channels_last(rank)),
                                on_channels_last(rewriter, id));
  return ports;
}

Status convert_transpose(ConstantForms& forms, NodeId id, const LayoutPorts& ports) {
  Rewriter& rewriter = forms.rewriter();
  Permutation left;
  if (!ports.inputs.empty()) left = on_channels_last(rewriter, id);
  Node& node = rewriter.node(id);
  node.attributes.clear();
  if (std::is_sorted(left.begin(), left.end())) {
    node.op = "Identity";
  } else {
    node.attributes["perm"] = std::move(left);
  }
  return Status::SUCCESS;
}

constexpr LayoutRule kReshape{reshape_ports, convert_reshape};

constexpr NamedLayoutRule kTable[] = {
    {"Reshape", "", kReshape},
    {"Flatten", "", kReshape},
    {"Squeeze", "", kReshape},
    {"Unsqueeze", "", kReshape},
    {"Transpose", "", {transpose_ports, convert_transpose}},
};

}  // namespace

extern constinit const std::span<const NamedLayoutRule> kViewRules = kTable;

}  // namespace mini_infer::optimizer
