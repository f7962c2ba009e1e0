#include "optimizer/attention/projection.h"

#include <algorithm>

#include "ops/activation.h"
#include "optimizer/constants.h"
#include "optimizer/reshape.h"

namespace mini_infer::optimizer {
namespace {

using core::Shape;
using graph::kNoNode;
using graph::kNoValue;
using graph::Node;
using graph::NodeId;
using graph::ValueId;

constexpr std::size_t kResidual = 3;

bool is_plain_product(const Node& node) {
  if (input_of(node, kResidual) != kNoValue) return false;
  if (ops::Activation::of(node).kind != ops::Activation::Kind::kNone) return false;
  if (node.op == "MatMul") return true;
  return node.op == "Gemm" && node.get_int("transA", 0) == 0 && node.get_float("alpha", 1) == 1 &&
         node.get_float("beta", 1) == 1;
}

bool has_constants_of_its_own(const Rewriter& rewriter, NodeId id) {
  const Node& node = rewriter.node(id);
  const auto* weights = find_float_constant(rewriter.graph(), node.inputs[Projection::kWeights]);
  if (weights == nullptr || weights->shape().rank() != 2 || weights->elements() == 0) return false;
  if (rewriter.only_reader(node.inputs[Projection::kWeights]) != id) return false;
  if (input_of(node, Projection::kBias) == kNoValue) return true;
  const auto* bias = find_float_constant(rewriter.graph(), node.inputs[Projection::kBias]);
  return bias != nullptr && bias->shape() == Shape{columns_of(rewriter, id)};
}

// The rotated value's product, through views that nobody else reads; kNoNode when there is none.
NodeId product_before(const Rewriter& rewriter, NodeId rotary) {
  ValueId value = rewriter.node(rotary).inputs[0];
  NodeId reader = rotary;
  for (NodeId id = rewriter.value(value).producer; id != kNoNode;
       id = rewriter.value(value).producer) {
    if (rewriter.only_reader(value) != reader) return kNoNode;
    if (!is_view(rewriter.graph(), id)) return id;
    value = rewriter.node(id).inputs[0];
    reader = id;
  }
  return kNoNode;
}

// What makes `value`, which only the attention may read; without a product when it is none.
Projection projection_of(const Rewriter& rewriter, ValueId value, NodeId attention) {
  Projection projection{.product = rewriter.value(value).producer};
  const auto& readers = rewriter.readers(value);
  if (projection.product == kNoNode || rewriter.is_output(value) ||
      std::ranges::any_of(readers, [&](NodeId reader) { return reader != attention; })) {
    return {};
  }
  if (rewriter.node(projection.product).is("RotaryEmbedding")) {
    projection = {product_before(rewriter, projection.product), projection.product};
  }
  const NodeId product = projection.product;
  const bool fits = product != kNoNode && is_plain_product(rewriter.node(product)) &&
                    has_constants_of_its_own(rewriter, product);
  return fits ? projection : Projection{};
}

bool belong_together(const Rewriter& rewriter, NodeId a, NodeId b) {
  const Node& first = rewriter.node(a);
  const Node& second = rewriter.node(b);
  return first.op == second.op && first.inputs[0] == second.inputs[0] &&
         is_transposed(first) == is_transposed(second);
}

}  // namespace

// Whether the weights are [columns, depth], not [depth, columns].
bool is_transposed(const Node& product) { return product.get_int("transB", 0) != 0; }

std::int64_t columns_of(const Rewriter& rewriter, NodeId product) {
  const Shape shape = rewriter.output_shape(product);
  return shape[shape.rank() - 1];
}

std::vector<Projection> projections_of(const Rewriter& rewriter, NodeId attention) {
  std::vector<Projection> all;
  for (std::size_t slot = 0; slot < kHeadsAttributes.size(); ++slot) {
    const ValueId value = rewriter.node(attention).inputs[slot];
    const Projection projection = projection_of(rewriter, value, attention);
    const bool known = std::ranges::any_of(
        all, [&](const Projection& other) { return other.product == projection.product; });
    if (!known && projection.product != kNoNode) all.push_back(projection);
  }
  std::vector<Projection> largest;
  for (const Projection& first : all) {
    std::vector<Projection> group;
    std::ranges::copy_if(all, std::back_inserter(group), [&](const Projection& other) {
      return belong_together(rewriter, first.product, other.product);
    });
    if (group.size() > largest.size()) largest = std::move(group);
  }
  return largest;
}

}  // namespace mini_infer::optimizer
