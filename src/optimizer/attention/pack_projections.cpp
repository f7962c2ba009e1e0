#include <algorithm>
#include <array>

#include "core/try.h"
#include "ops/heads.h"
#include "optimizer/attention/projection.h"
#include "optimizer/constants.h"
#include "optimizer/passes.h"

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

constexpr std::size_t kWeights = Projection::kWeights;
constexpr std::size_t kBias = Projection::kBias;
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
  return ops::heads_stated(attention.get_ints(kHeadsAttributes[slot]));
}

// Projections of one value, which become one.
class Packing {
 public:
  Packing(Rewriter& rewriter, NodeId attention, std::vector<Projection> projections)
      : rewriter_(rewriter), attention_(attention), projections_(std::move(projections)) {
    for (const auto& [product, rotary] : projections_) packed_ += columns_of(rewriter_, product);
    output_shape_ = rewriter_.output_shape(projections_[0].product);
    output_shape_[output_shape_.rank() - 1] = packed_;
  }

  core::Status pack() {
    if (!find_heads()) return core::Status::SUCCESS;
    const NodeId model = model_product();
    MI_ASSIGN(Tensor weights, packed_weights());
    std::vector<ValueId> inputs = {rewriter_.node(model).inputs[0],
                                   rewriter_.add_constant(name() + "_weights", std::move(weights))};
    if (has_bias(model)) inputs.push_back(rewriter_.add_constant(name() + "_bias", packed_bias()));
    const ValueId output = add_output(name());
    redirect(rotate_in_place(output));
    rewriter_.set_inputs(model, std::move(inputs));
    rewriter_.set_output(model, 0, output);
    for (const auto& [product, rotary] : projections_) {
      if (product != model) rewriter_.remove(product);
    }
    return core::Status::SUCCESS;
  }

 private:
  NodeId producer(ValueId value) const { return rewriter_.value(value).producer; }
  bool has_bias(NodeId id) const { return input_of(rewriter_.node(id), kBias) != kNoValue; }

  // The one that becomes all of them: with a bias, if one has.
  NodeId model_product() const {
    const auto biased = std::ranges::find_if(
        projections_, [&](const Projection& each) { return has_bias(each.product); });
    return (biased == projections_.end() ? projections_.begin() : biased)->product;
  }

  const Node& first() const { return rewriter_.node(projections_[0].product); }
  std::string name() const { return first().name + "_packed"; }

  // Where heads will be: the attention's per slot, none where another value holds them, and those
  // that are rotated per projection.
  bool find_heads() {
    Columns columns{0, 0, packed_};
    for (const Projection& each : projections_) {
      columns.count = columns_of(rewriter_, each.product);
      const Node& attention = rewriter_.node(attention_);
      for (std::size_t slot = 0; slot < kHeadsAttributes.size(); ++slot) {
        if (attention.inputs[slot] != rewriter_.node(each.last()).outputs[0]) continue;
        heads_[slot] = within(heads_of(attention, slot), columns);
        if (!heads_[slot]) return false;
      }
      rotated_.push_back(each.rotary == kNoNode ? Heads{}
                                                : within(rotated_heads(each.rotary), columns));
      if (!rotated_.back()) return false;
      columns.first += columns.count;
    }
    return true;
  }

  Heads rotated_heads(NodeId rotary) const {
    const Shape shape = rewriter_.output_shape(rotary);
    if (shape.rank() == 4) {
      return ops::dense(
          {.batch = shape[0], .heads = shape[1], .tokens = shape[2], .size = shape[3]});
    }
    const std::int64_t heads = rewriter_.node(rotary).get_int("num_heads", 1);
    return ops::dense({.batch = shape[0],
                       .heads = heads,
                       .tokens = shape[1],
                       .size = shape[2] / heads,
                       .merged = true});
  }

  // What only sees the product for its rotation.
  void remove_views(ValueId value, NodeId product) {
    for (NodeId id = producer(value); id != product; id = producer(value)) {
      value = rewriter_.node(id).inputs[0];
      rewriter_.remove(id);
    }
  }

  // The rotations follow each other, each of its own part of the packed value.
  ValueId rotate_in_place(ValueId packed) {
    for (std::size_t i = 0; i < projections_.size(); ++i) {
      const NodeId id = projections_[i].rotary;
      if (id == kNoNode) continue;
      remove_views(rewriter_.node(id).inputs[0], projections_[i].product);
      rewriter_.set_input(id, 0, packed);
      packed = add_output(rewriter_.node(id).name + "_packed");
      rewriter_.set_output(id, 0, packed);
      Node& rotary = rewriter_.node(id);
      rotary.domain = graph::kInternalDomain;
      rotary.opset = 1;
      rotary.attributes.erase("num_heads");
      rotary.attributes["heads"] = ops::stated(*rotated_[i]);
    }
    return packed;
  }

  core::Result<Tensor> packed_weights() {
    const bool transposed = is_transposed(first());
    const Shape shape = *rewriter_.value(first().inputs[kWeights]).shape;
    const std::int64_t depth = shape[transposed ? 1 : 0];
    MI_ASSIGN(Tensor packed,
              rewriter_.new_tensor(core::DataType::kFloat32,
                                   transposed ? Shape{packed_, depth} : Shape{depth, packed_}));
    // Row by row; of transposed weights all rows follow each other.
    const std::int64_t rows = transposed ? 1 : depth;
    std::byte* to = packed.mutable_bytes().data();
    const std::size_t row_bytes = packed.bytes().size() / static_cast<std::size_t>(rows);
    for (const auto& [product, rotary] : projections_) {
      const auto from = rewriter_.value(rewriter_.node(product).inputs[kWeights]).constant->bytes();
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
    for (const auto& [product, rotary] : projections_) {
      const auto bias = float_constant(rewriter_.graph(), input_of(rewriter_.node(product), kBias));
      const auto columns = static_cast<std::size_t>(columns_of(rewriter_, product));
      std::vector<float> own(columns, 0);
      if (bias) std::ranges::copy(bias->as<float>(), own.begin());
      packed.insert(packed.end(), own.begin(), own.end());
    }
    return Tensor::from<float>(core::DataType::kFloat32, Shape{packed_}, packed);
  }

  ValueId add_output(const std::string& name) {
    return rewriter_.add_value(name, core::DataType::kFloat32, output_shape_);
  }

  void redirect(ValueId output) {
    for (std::size_t slot = 0; slot < kHeadsAttributes.size(); ++slot) {
      if (!heads_[slot]) continue;
      rewriter_.set_input(attention_, static_cast<int>(slot), output);
      rewriter_.node(attention_).attributes[kHeadsAttributes[slot]] = ops::stated(*heads_[slot]);
    }
  }

  Rewriter& rewriter_;
  NodeId attention_;
  std::vector<Projection> projections_;
  std::int64_t packed_ = 0;  // columns of all
  Shape output_shape_;
  std::vector<std::optional<Heads>> rotated_;
  std::array<std::optional<Heads>, kHeadsAttributes.size()> heads_;
};

}  // namespace

core::Status pack_projections(graph::Graph& graph) {
  Rewriter rewriter(graph);
  for (NodeId id : rewriter.nodes()) {
    if (rewriter.removed(id) || !rewriter.node(id).is("Attention", graph::kInternalDomain)) {
      continue;
    }
    auto projections = projections_of(rewriter, id);
    if (projections.size() > 1) MI_TRY(Packing(rewriter, id, std::move(projections)).pack());
  }
  return rewriter.finish();
}

}  // namespace mini_infer::optimizer
