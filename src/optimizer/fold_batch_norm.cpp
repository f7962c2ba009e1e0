#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <span>

#include "core/try.h"
#include "optimizer/constants.h"
#include "optimizer/passes.h"
#include "optimizer/rewrite.h"

namespace mini_infer::optimizer {
namespace {

using core::Result;
using core::Shape;
using core::Status;
using core::Tensor;
using graph::Graph;
using graph::kNoNode;
using graph::kNoValue;
using graph::Node;
using graph::NodeId;
using graph::ValueId;
using Channels = std::vector<double>;

constexpr int kChannelAxis = 1;  // of images and of the rows of a matrix alike

// y = scale * x + shift, one of each per channel. In double, however many follow one another.
struct Affine {
  Channels scale, shift;

  Affine then(const Affine& next) const {
    Affine both = *this;
    for (std::size_t i = 0; i < scale.size(); ++i) {
      both.scale[i] = next.scale[i] * scale[i];
      both.shift[i] = next.scale[i] * shift[i] + next.shift[i];
    }
    return both;
  }
};

std::optional<Affine> affine_of_batch_norm(const Graph& graph, const Node& node,
                                           const Shape& shape) {
  const bool inference = node.get_int("training_mode", 0) == 0 && node.get_int("spatial", 1) == 1;
  if (!inference || node.outputs.size() != 1) return std::nullopt;
  std::array<Channels, 4> parameters;  // scale, bias, mean, variance
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    const auto values = float_constant(graph, input_of(node, i + 1));
    if (!values || values->elements() != shape[kChannelAxis]) return std::nullopt;
    parameters[i].assign(values->as<float>().begin(), values->as<float>().end());
  }
  const auto& [scale, bias, mean, variance] = parameters;
  Affine affine{scale, bias};
  const auto epsilon = static_cast<double>(node.get_float("epsilon", 1e-5f));
  for (std::size_t i = 0; i < scale.size(); ++i) {
    affine.scale[i] = scale[i] / std::sqrt(variance[i] + epsilon);
    affine.shift[i] = bias[i] - mean[i] * affine.scale[i];
  }
  return affine;
}

// x with these numbers, or these numbers with x.
std::optional<Affine> affine_of_arithmetic(const Node& node, bool x_first, const Channels& values) {
  const Channels zeros(values.size(), 0.0), ones(values.size(), 1.0);
  if (node.is("Add")) return Affine{ones, values};
  if (node.is("Mul")) return Affine{values, zeros};
  const bool subtracts = node.is("Sub");
  if (subtracts && !x_first) return Affine{Channels(values.size(), -1.0), values};
  if (!x_first || (!subtracts && std::count(values.begin(), values.end(), 0.0) > 0)) {
    return std::nullopt;
  }
  Channels inverse(values.size());
  std::transform(values.begin(), values.end(), inverse.begin(),
                 [&](double value) { return subtracts ? -value : 1 / value; });
  return subtracts ? Affine{ones, inverse} : Affine{inverse, zeros};
}

// What the node does to `x` of this shape, when that is one scale and one shift per channel.
std::optional<Affine> affine_of(const Graph& graph, const Node& node, ValueId x) {
  const Shape& shape = *graph.value(x).shape;
  if (shape.rank() <= kChannelAxis) return std::nullopt;
  if (node.is("BatchNormalization")) {
    return node.inputs[0] == x ? affine_of_batch_norm(graph, node, shape) : std::nullopt;
  }
  if (!node.is("Mul") && !node.is("Add") && !node.is("Sub") && !node.is("Div")) {
    return std::nullopt;
  }
  const bool x_first = node.inputs[0] == x;
  const auto values = per_channel(graph, node.inputs[x_first ? 1 : 0], shape, kChannelAxis);
  return values ? affine_of_arithmetic(node, x_first, *values) : std::nullopt;
}

// The weights times one number per index of `axis`.
core::Result<Tensor> scaled(Rewriter& rewriter, const Tensor& weights, int axis,
                            const Channels& scale) {
  const Shape& shape = weights.shape();
  const auto inner = static_cast<std::size_t>(shape.elements(axis + 1, shape.rank()));
  MI_ASSIGN(Tensor result, rewriter.new_tensor(weights.type(), shape));
  const std::byte* from = weights.bytes().data();  // perhaps not aligned
  const std::span values(reinterpret_cast<float*>(result.mutable_bytes().data()),
                         static_cast<std::size_t>(shape.elements()));
  for (std::size_t first = 0; first < values.size(); first += inner) {
    const double factor = scale[first / inner % scale.size()];
    for (std::size_t i = first; i < first + inner; ++i) {
      float value;
      std::memcpy(&value, from + i * sizeof(float), sizeof(float));
      values[i] = static_cast<float>(static_cast<double>(value) * factor);
    }
  }
  return result;
}

Channels shifted(Channels bias, const Affine& affine) {
  for (std::size_t i = 0; i < bias.size(); ++i) {
    bias[i] = bias[i] * affine.scale[i] + affine.shift[i];
  }
  return bias;
}

// Gives the node weights and a bias of its own: the old ones may be shared.
void set_parameters(Rewriter& rewriter, NodeId id, Tensor weights, const Channels& bias) {
  const Node& node = rewriter.node(id);
  const ValueId data = node.inputs[0];
  const std::string name = rewriter.value(node.inputs[1]).name;
  const Shape shape{static_cast<std::int64_t>(bias.size())};
  const ValueId new_weights = rewriter.add_constant(name + "_scaled", std::move(weights));
  const ValueId new_bias = rewriter.add_constant(node.name + "_bias", float_tensor(shape, bias));
  rewriter.set_inputs(id, {data, new_weights, new_bias});
}

Result<bool> fold_into_conv(Rewriter& rewriter, NodeId id, const Affine& affine) {
  const Graph& graph = rewriter.graph();
  const Node& node = rewriter.node(id);
  const Tensor* weights = find_float_constant(graph, node.inputs[1]);
  if (weights == nullptr) return false;
  Channels bias(affine.scale.size(), 0.0);
  if (const ValueId old = input_of(node, 2); old != kNoValue) {
    const auto constant = float_constant(graph, old);
    if (!constant) return false;
    bias.assign(constant->as<float>().begin(), constant->as<float>().end());
  }
  MI_ASSIGN(Tensor new_weights, scaled(rewriter, *weights, 0, affine.scale));
  set_parameters(rewriter, id, std::move(new_weights), shifted(bias, affine));
  return true;
}

// act(alpha * A * B + beta * C): B takes the scale, and beta goes into the new C.
Result<bool> fold_into_gemm(Rewriter& rewriter, NodeId id, const Affine& affine) {
  const Graph& graph = rewriter.graph();
  Node& node = rewriter.node(id);
  const Tensor* weights = find_float_constant(graph, node.inputs[1]);
  if (weights == nullptr) return false;
  Channels bias(affine.scale.size(), 0.0);
  if (const ValueId old = input_of(node, 2); old != kNoValue) {
    const Shape& shape = *graph.value(node.outputs[0]).shape;
    const auto values = per_channel(graph, old, shape, kChannelAxis);
    if (!values) return false;
    const auto beta = static_cast<double>(node.get_float("beta", 1.0f));
    std::transform(values->begin(), values->end(), bias.begin(),
                   [&](double value) { return beta * value; });
  }
  const int column_axis = node.get_int("transB", 0) != 0 ? 0 : 1;
  node.attributes.erase("beta");
  MI_ASSIGN(Tensor new_weights, scaled(rewriter, *weights, column_axis, affine.scale));
  set_parameters(rewriter, id, std::move(new_weights), shifted(bias, affine));
  return true;
}

// A scale and shift after a normalisation that itself cannot go into a convolution.
Result<bool> fold_into_batch_norm(Rewriter& rewriter, NodeId id, const Affine& affine) {
  const Graph& graph = rewriter.graph();
  const Node& node = rewriter.node(id);
  const auto scale = float_constant(graph, node.inputs[1]);
  const auto bias = float_constant(graph, node.inputs[2]);
  if (!scale || !bias || node.outputs.size() != 1) return false;
  const ValueId mean = node.inputs[3], variance = node.inputs[4], data = node.inputs[0];
  const auto old = bias->as<float>();
  const Channels new_bias = shifted(Channels(old.begin(), old.end()), affine);
  MI_ASSIGN(Tensor scaled_scale, scaled(rewriter, *scale, 0, affine.scale));
  const ValueId new_scale = rewriter.add_constant(node.name + "_scale", std::move(scaled_scale));
  const ValueId new_shift =
      rewriter.add_constant(node.name + "_bias", float_tensor(bias->shape(), new_bias));
  rewriter.set_inputs(id, {data, new_scale, new_shift, mean, variance});
  return true;
}

Result<bool> fold_into(Rewriter& rewriter, NodeId id, const Affine& affine) {
  const Node& node = rewriter.node(id);
  if (node.is("Conv")) return fold_into_conv(rewriter, id, affine);
  if (node.is("Gemm")) return fold_into_gemm(rewriter, id, affine);
  if (node.is("BatchNormalization")) return fold_into_batch_norm(rewriter, id, affine);
  return false;
}

bool takes_affine(const Node& node) {
  return node.is("Conv") || node.is("Gemm") ||
         (node.is("BatchNormalization") && node.get_int("training_mode", 0) == 0);
}

// All that follows the node in one go, so that weights are rounded once.
Status fold_followers(Rewriter& rewriter, NodeId id) {
  std::optional<Affine> total;
  std::vector<NodeId> folded;
  ValueId last = rewriter.node(id).outputs[0];
  for (NodeId next = rewriter.only_reader(last); next != kNoNode;
       next = rewriter.only_reader(last)) {
    const auto affine = affine_of(rewriter.graph(), rewriter.node(next), last);
    if (!affine) break;
    total = total ? total->then(*affine) : *affine;
    folded.push_back(next);
    last = rewriter.node(next).outputs[0];
  }
  if (!total) return Status::SUCCESS;
  MI_ASSIGN(const bool done, fold_into(rewriter, id, *total));
  if (!done) return Status::SUCCESS;
  for (NodeId node : folded) rewriter.remove(node);
  rewriter.set_output(id, 0, last);
  return Status::SUCCESS;
}

}  // namespace

core::Status fold_batch_norm(Graph& graph) {
  Rewriter rewriter(graph);
  for (NodeId id : rewriter.nodes()) {
    if (rewriter.removed(id) || !takes_affine(rewriter.node(id))) continue;
    MI_TRY(fold_followers(rewriter, id));
  }
  return rewriter.finish();
}

}  // namespace mini_infer::optimizer
