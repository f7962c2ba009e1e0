#include "optimizer/attention/rotary_tables.h"

#include "optimizer/constants.h"
#include "optimizer/reshape.h"

namespace mini_infer::optimizer {
namespace {

using core::DataType;
using core::Shape;
using core::Tensor;
using graph::kNoNode;
using graph::kNoValue;
using graph::Node;
using graph::NodeId;
using graph::ValueId;

constexpr int kOpset = 17;  // of what is made here

// The samples a table has rows for, when it has one per token and the same for every head; else 0.
std::int64_t samples_of(const Shape& table, const Shape& x, int token_axis, std::int64_t rotated) {
  if (table.rank() > 4 || table.rank() < 2) return 0;
  std::vector<std::int64_t> extents(static_cast<std::size_t>(4 - table.rank()), 1);
  extents.insert(extents.end(), table.begin(), table.end());
  const Shape aligned(std::move(extents));
  const bool fits = aligned[3] == rotated && aligned[token_axis] == x[token_axis] &&
                    aligned[3 - token_axis] == 1 && (aligned[0] == 1 || aligned[0] == x[0]);
  return fits ? aligned[0] : 0;
}

Shape without_half_the_last(Shape shape) {
  shape[shape.rank() - 1] /= 2;
  return shape;
}

}  // namespace

// Rows of a table: all in order, or those that ids choose.
struct RotaryTableBuilder::Rows {
  ValueId table = kNoValue;
  ValueId ids = kNoValue;
};

std::optional<ValueId> RotaryTableBuilder::halved_constant(ValueId value, bool interleaved) {
  const auto table = float_constant(rewriter_.graph(), value);
  const auto rotated = static_cast<std::size_t>(table->shape()[table->shape().rank() - 1]);
  const std::size_t pairs = rotated / 2;
  const auto elements = table->as<float>();
  std::vector<float> half;
  for (std::size_t row = 0; row + rotated <= elements.size(); row += rotated) {
    for (std::size_t pair = 0; pair < pairs; ++pair) {
      const float first = elements[row + (interleaved ? 2 * pair : pair)];
      const float second = elements[row + (interleaved ? 2 * pair + 1 : pair + pairs)];
      if (first != second) return std::nullopt;
      half.push_back(first);
    }
  }
  return rewriter_.add_constant(
      rewriter_.value(value).name + "_half",
      Tensor::from<float>(DataType::kFloat32, without_half_the_last(table->shape()), half));
}

// `value` with one element for each pair of its last axis, if both are the same.
std::optional<ValueId> RotaryTableBuilder::halved(ValueId value, bool interleaved) {
  const auto [at, is_new] = halved_.try_emplace({value, interleaved});
  if (is_new) at->second = make_halved(value, interleaved);
  return at->second;
}

std::optional<ValueId> RotaryTableBuilder::make_halved(ValueId value, bool interleaved) {
  if (find_float_constant(rewriter_.graph(), value) != nullptr) {
    return halved_constant(value, interleaved);
  }
  const NodeId id = rewriter_.value(value).producer;
  if (id == kNoNode) return std::nullopt;
  const Node& node = rewriter_.node(id);
  if (node.is("Concat")) return interleaved ? std::nullopt : doubled(id);
  const bool scales = node.is("Mul") && float_scalar(rewriter_.graph(), node.inputs[1]);
  if (!node.is("Cos") && !node.is("Sin") && !scales) return std::nullopt;
  return halved_function(id, interleaved);
}

// What a Concat joins with itself along the last axis.
std::optional<ValueId> RotaryTableBuilder::doubled(NodeId concat) const {
  const Node& node = rewriter_.node(concat);
  const int last = rewriter_.output_shape(concat).rank() - 1;
  const std::int64_t axis = node.get_int("axis", 0);
  const bool doubles =
      node.inputs.size() == 2 && node.inputs[0] == node.inputs[1] && (axis == -1 || axis == last);
  return doubles ? std::optional(node.inputs[0]) : std::nullopt;
}

// Of a function of its input's elements, one by one.
std::optional<ValueId> RotaryTableBuilder::halved_function(NodeId id, bool interleaved) {
  const auto input = halved(rewriter_.node(id).inputs[0], interleaved);
  if (!input) return std::nullopt;
  Node half = rewriter_.node(id);
  half.name += "_half";
  half.inputs[0] = *input;
  half.outputs = {rewriter_.add_value(half.name, DataType::kFloat32,
                                      without_half_the_last(rewriter_.output_shape(id)))};
  const ValueId output = half.outputs[0];
  rewriter_.add_node(std::move(half));
  return output;
}

ValueId RotaryTableBuilder::row_numbers(std::int64_t batch, std::int64_t tokens) {
  const auto [at, is_new] = row_numbers_.try_emplace({batch, tokens}, kNoValue);
  if (!is_new) return at->second;
  std::vector<std::int64_t> numbers;
  for (std::int64_t i = 0; i < batch * tokens; ++i) numbers.push_back(i % tokens);
  at->second = rewriter_.add_constant(
      "row_numbers_" + std::to_string(row_numbers_.size()),
      Tensor::from<std::int64_t>(DataType::kInt64, Shape{batch, tokens}, numbers));
  return at->second;
}

ValueId RotaryTableBuilder::reshaped(ValueId value, const Shape& shape) {
  if (rewriter_.value(value).shape == shape) return value;
  const auto [at, is_new] = reshaped_.try_emplace({value, shape.dims()}, kNoValue);
  if (!is_new) return at->second;
  const std::string name = rewriter_.value(value).name + "_rows";
  const ValueId output = rewriter_.add_value(name, rewriter_.value(value).type, shape);
  const NodeId id = rewriter_.add_node({.name = name,
                                        .op = "Reshape",
                                        .domain = "",
                                        .opset = kOpset,
                                        .inputs = {},
                                        .outputs = {output},
                                        .attributes = {}});
  make_reshape(rewriter_, id, value, shape);
  at->second = output;
  return output;
}

// Rows that a Gather chooses from a constant table.
std::optional<RotaryTableBuilder::Rows> RotaryTableBuilder::chosen_rows(ValueId value,
                                                                        const Shape& positions,
                                                                        bool interleaved) {
  const NodeId id = rewriter_.value(value).producer;
  if (id == kNoNode || !rewriter_.node(id).is("Gather")) return std::nullopt;
  const Node node = rewriter_.node(id);
  const auto& ids = rewriter_.value(node.inputs[1]);
  if (node.get_int("axis", 0) != 0 || ids.type != DataType::kInt64 ||
      ids.shape->elements() != positions.elements()) {
    return std::nullopt;
  }
  const auto table = float_constant(rewriter_.graph(), node.inputs[0]);
  if (!table || table->shape().rank() != 2) return std::nullopt;
  const auto half = halved(node.inputs[0], interleaved);
  if (!half) return std::nullopt;
  return Rows{*half, reshaped(node.inputs[1], positions)};
}

std::optional<RotaryTableBuilder::Rows> RotaryTableBuilder::rows(ValueId table,
                                                                 const RotaryMatch& match,
                                                                 int token_axis) {
  const Shape x = *rewriter_.value(match.x).shape;
  const std::int64_t samples =
      samples_of(*rewriter_.value(table).shape, x, token_axis, match.rotated);
  if (samples == 0) return std::nullopt;
  const std::int64_t tokens = x[token_axis];
  const ValueId origin = viewed_value(rewriter_.graph(), table);
  const Shape& shape = *rewriter_.value(origin).shape;
  if (shape.rank() == 0 || shape[shape.rank() - 1] != match.rotated) return std::nullopt;
  if (samples == x[0]) {
    const auto chosen = chosen_rows(origin, Shape{samples, tokens}, match.interleaved);
    if (chosen) return chosen;
  }
  const auto half = halved(origin, match.interleaved);
  if (!half) return std::nullopt;
  const std::int64_t pairs = match.rotated / 2;
  if (samples == x[0]) return Rows{reshaped(*half, Shape{samples, tokens, pairs}), kNoValue};
  return Rows{reshaped(*half, Shape{tokens, pairs}), row_numbers(x[0], tokens)};
}

std::optional<RotaryTables> RotaryTableBuilder::build(const RotaryMatch& match, int token_axis) {
  const auto cosines = rows(match.cosines, match, token_axis);
  const auto sines = rows(match.sines, match, token_axis);
  if (!cosines || !sines || cosines->ids != sines->ids) return std::nullopt;
  if (rewriter_.value(cosines->table).shape != rewriter_.value(sines->table).shape) {
    return std::nullopt;
  }
  return RotaryTables{cosines->table, sines->table, cosines->ids};
}

}  // namespace mini_infer::optimizer
