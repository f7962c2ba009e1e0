#include <algorithm>
#include <array>

#include "core/try.h"
#include "ops/activation.h"
#include "ops/heads.h"
#include "optimizer/constants.h"
#include "optimizer/passes.h"
#include "optimizer/rewrite.h"

namespace mini_infer::optimizer {
namespace {

using core::Shape;
using core::Tensor;
using graph::kNoNode;
using graph::kNoValue;
using graph::Node;
using graph::NodeId;
using graph::ValueId;
using ops::Heads;

// What an Attention says of its first inputs.
constexpr std::array kAttributes = {"query", "key", "value"};
constexpr std::size_t kWeights = 1;
constexpr std::size_t kBias = 2;
constexpr std::size_t kResidual = 3;

bool is_plain_product(const Node& node) {
  if (input_of(node, kResidual) != kNoValue) return false;
  if (ops::Activation::of(node).kind != ops::Activation::Kind::kNone) return false;
  if (node.op == "MatMul") return true;
  return node.op == "Gemm" && node.get_int("transA", 0) == 0 && node.get_float("alpha", 1) == 1 &&
         node.get_float("beta", 1) == 1;
}

// Whether the weights are [columns, depth], not [depth, columns].
bool is_transposed(const Node& product) { return product.get_int("transB", 0) != 0; }

std::int64_t columns_of(const Rewriter& rewriter, NodeId product) {
  const Shape shape = rewriter.output_shape(product);
  return shape[shape.rank() - 1];
}

bool has_constants_of_its_own(const Rewriter& rewriter, NodeId id) {
  const Node& node = rewriter.node(id);
  const auto weights = float_constant(rewriter.graph(), node.inputs[kWeights]);
  if (!weights || weights->shape().rank() != 2) return false;
  if (rewriter.only_reader(node.inputs[kWeights]) != id) return false;
  if (input_of(node, kBias) == kNoValue) return true;
  const auto bias = float_constant(rewriter.graph(), node.inputs[kBias]);
  return bias && bias->shape() == Shape{columns_of(rewriter, id)};
}

// x * weights + bias, both constant, that the attention alone reads.
bool is_projection(const Rewriter& rewriter, NodeId id, NodeId attention) {
  if (id == kNoNode || !is_plain_product(rewriter.node(id))) return false;
  const ValueId output = rewriter.node(id).outputs[0];
  return has_constants_of_its_own(rewriter, id) && !rewriter.is_output(output) &&
         std::ranges::all_of(rewriter.readers(output),
                             [&](NodeId reader) { return reader == attention; });
}

// Columns of a matrix that become some of a wider one's.
struct Columns {
  std::int64_t count = 0;
  std::int64_t first = 0;   // of the wider matrix
  std::int64_t packed = 0;  // all of the wider matrix
};

// The same heads in the wider matrix; nullopt when a vector goes on in the next row.
std::optional<Heads> within(Heads heads, const Columns& columns) {
  std::int64_t column = heads.first % columns.count;
  heads.first = heads.first / columns.count * columns.packed + column + columns.first;
  const auto move = [&](std::int64_t extent, std::int64_t& step) {
    if (extent > 1 && step % columns.count == 0) {
      step = step / columns.count * columns.packed;
    } else {
      column += (extent - 1) * step;
    }
  };
  move(heads.batch, heads.batch_step);
  move(heads.heads, heads.head_step);
  move(heads.tokens, heads.token_step);
  return column + heads.size <= columns.count ? std::optional(heads) : std::nullopt;
}

Heads heads_of(const Node& attention, std::size_t slot) {
  const auto stated = attention.get_ints(kAttributes[slot]);
  return {.batch = stated[0],
          .heads = stated[1],
          .tokens = stated[2],
          .size = stated[3],
          .first = stated[4],
          .batch_step = stated[5],
          .head_step = stated[6],
          .token_step = stated[7]};
}

// Projections of one value, which become one.
class Packing {
 public:
  Packing(Rewriter& rewriter, NodeId attention, std::vector<NodeId> products)
      : rewriter_(rewriter), attention_(attention), products_(std::move(products)) {
    for (NodeId id : products_) packed_ += columns_of(rewriter_, id);
  }

  core::Status pack() {
    if (!find_heads()) return core::Status::SUCCESS;
    const NodeId model = model_product();
    MI_ASSIGN(Tensor weights, packed_weights());
    std::vector<ValueId> inputs = {rewriter_.node(model).inputs[0],
                                   rewriter_.add_constant(name() + "_weights", std::move(weights))};
    if (has_bias(model)) inputs.push_back(rewriter_.add_constant(name() + "_bias", packed_bias()));
    const ValueId output = add_output();
    rewriter_.set_inputs(model, std::move(inputs));
    rewriter_.set_output(model, 0, output);
    redirect(output);
    for (NodeId id : products_) {
      if (id != model) rewriter_.remove(id);
    }
    return core::Status::SUCCESS;
  }

 private:
  bool has_bias(NodeId id) const { return input_of(rewriter_.node(id), kBias) != kNoValue; }

  // The one that becomes all of them: with a bias, if one has.
  NodeId model_product() const {
    const auto biased = std::ranges::find_if(products_, [&](NodeId id) { return has_bias(id); });
    return biased == products_.end() ? products_[0] : *biased;
  }

  std::string name() const { return rewriter_.node(products_[0]).name + "_packed"; }

  // Where the attention's heads will be, per slot; none where another value holds them.
  bool find_heads() {
    std::int64_t first = 0;
    for (NodeId id : products_) {
      const Columns columns{columns_of(rewriter_, id), first, packed_};
      const Node& attention = rewriter_.node(attention_);
      for (std::size_t slot = 0; slot < kAttributes.size(); ++slot) {
        if (attention.inputs[slot] != rewriter_.node(id).outputs[0]) continue;
        heads_[slot] = within(heads_of(attention, slot), columns);
        if (!heads_[slot]) return false;
      }
      first += columns.count;
    }
    return true;
  }

  core::Result<Tensor> packed_weights() const {
    const bool transposed = is_transposed(rewriter_.node(products_[0]));
    const Shape first = *rewriter_.value(rewriter_.node(products_[0]).inputs[kWeights]).shape;
    const std::int64_t depth = first[transposed ? 1 : 0];
    MI_ASSIGN(Tensor packed,
              Tensor::allocate(core::DataType::kFloat32,
                               transposed ? Shape{packed_, depth} : Shape{depth, packed_}));
    // Row by row; of transposed weights all rows follow each other.
    const std::int64_t rows = transposed ? 1 : depth;
    std::byte* to = packed.mutable_bytes().data();
    const std::size_t row_bytes = packed.bytes().size() / static_cast<std::size_t>(rows);
    for (NodeId id : products_) {
      const auto from = rewriter_.value(rewriter_.node(id).inputs[kWeights]).constant->bytes();
      const std::size_t part = from.size() / static_cast<std::size_t>(rows);
      for (std::size_t row = 0; row < static_cast<std::size_t>(rows); ++row) {
        std::copy_n(from.data() + row * part, part, to + row * row_bytes);
      }
      to += part;
    }
    return packed;
  }

  Tensor packed_bias() const {
    std::vector<float> packed;
    for (NodeId id : products_) {
      const auto bias = float_constant(rewriter_.graph(), input_of(rewriter_.node(id), kBias));
      const auto columns = static_cast<std::size_t>(columns_of(rewriter_, id));
      std::vector<float> own(columns, 0);
      if (bias) std::ranges::copy(bias->as<float>(), own.begin());
      packed.insert(packed.end(), own.begin(), own.end());
    }
    return Tensor::from<float>(core::DataType::kFloat32, Shape{packed_}, packed);
  }

  ValueId add_output() {
    Shape shape = rewriter_.output_shape(products_[0]);
    shape[shape.rank() - 1] = packed_;
    return rewriter_.add_value(name(), core::DataType::kFloat32, shape);
  }

  void redirect(ValueId output) {
    for (std::size_t slot = 0; slot < kAttributes.size(); ++slot) {
      if (!heads_[slot]) continue;
      rewriter_.set_input(attention_, static_cast<int>(slot), output);
      rewriter_.node(attention_).attributes[kAttributes[slot]] = ops::stated(*heads_[slot]);
    }
  }

  Rewriter& rewriter_;
  NodeId attention_;
  std::vector<NodeId> products_;
  std::int64_t packed_ = 0;
  std::array<std::optional<Heads>, kAttributes.size()> heads_;
};

bool belong_together(const Rewriter& rewriter, NodeId a, NodeId b) {
  const Node& first = rewriter.node(a);
  const Node& second = rewriter.node(b);
  return first.op == second.op && first.inputs[0] == second.inputs[0] &&
         is_transposed(first) == is_transposed(second);
}

// The projections of the value that most of the attention's are of.
std::vector<NodeId> projections_of(const Rewriter& rewriter, NodeId attention) {
  std::vector<NodeId> all;
  for (std::size_t slot = 0; slot < kAttributes.size(); ++slot) {
    const NodeId id = rewriter.value(rewriter.node(attention).inputs[slot]).producer;
    const bool known = std::ranges::find(all, id) != all.end();
    if (!known && is_projection(rewriter, id, attention)) all.push_back(id);
  }
  std::vector<NodeId> largest;
  for (NodeId id : all) {
    std::vector<NodeId> group;
    std::ranges::copy_if(all, std::back_inserter(group),
                         [&](NodeId other) { return belong_together(rewriter, id, other); });
    if (group.size() > largest.size()) largest = std::move(group);
  }
  return largest;
}

}  // namespace

core::Status pack_projections(graph::Graph& graph) {
  Rewriter rewriter(graph);
  for (NodeId id : rewriter.nodes()) {
    if (rewriter.removed(id) || !rewriter.node(id).is("Attention", graph::kInternalDomain)) {
      continue;
    }
    auto products = projections_of(rewriter, id);
    if (products.size() > 1) MI_TRY(Packing(rewriter, id, std::move(products)).pack());
  }
  return rewriter.finish();
}

}  // namespace mini_infer::optimizer
