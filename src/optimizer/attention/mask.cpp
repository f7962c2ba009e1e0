#include "optimizer/attention/mask.h"

#include <algorithm>
#include <cmath>

#include "ops/shapes.h"
#include "optimizer/constants.h"
#include "optimizer/reshape.h"

namespace mini_infer::optimizer {
namespace {

using core::DataType;
using core::Shape;
using core::Tensor;
using graph::ValueId;

constexpr int kOpset = 17;  // of Where, Add, Not and Reshape as made here

// So far from zero that a score added to it is lost in rounding.
bool absorbs_scores(float number) { return number <= -1e30f; }

// Whether a constant mask hides exactly the keys after each query's own. `hidden(i)` and
// `open(i)` say of element i whether its score is as good as -inf, or left as it is.
template <typename Hidden, typename Open>
bool is_causal(const Shape& shape, std::int64_t past, Hidden hidden, Open open) {
  const std::int64_t keys = shape[shape.rank() - 1];
  const std::int64_t queries = shape[shape.rank() - 2];
  for (std::int64_t i = 0; i < shape.elements(); ++i) {
    const bool visible = i % keys <= past + i / keys % queries;
    if (visible ? !open(i) : !hidden(i)) return false;
  }
  return true;
}

bool covers(const Shape& mask, const Shape& scores) {
  return mask.rank() >= 2 && mask[mask.rank() - 1] == scores[3] &&
         mask[mask.rank() - 2] == scores[2];
}

bool is_causal(const Tensor& mask, float replacement, const Shape& scores, std::int64_t past) {
  const Shape& shape = mask.shape();
  if (!covers(shape, scores)) return false;
  if (mask.type() == DataType::kBool) {
    const auto keeps = mask.as<std::uint8_t>();
    const auto kept = [&](std::int64_t i) { return keeps[static_cast<std::size_t>(i)] != 0; };
    return absorbs_scores(replacement) &&
           is_causal(
               shape, past, [&](std::int64_t i) { return !kept(i); }, kept);
  }
  const auto added = mask.as<float>();
  const auto at = [&](std::int64_t i) { return added[static_cast<std::size_t>(i)]; };
  return is_causal(
      shape, past, [&](std::int64_t i) { return absorbs_scores(at(i)); },
      [&](std::int64_t i) { return at(i) == 0.0f; });
}

bool changes_nothing(const Tensor& mask) {
  if (mask.type() == DataType::kBool) {
    return std::ranges::all_of(mask.as<std::uint8_t>(), [](auto keep) { return keep != 0; });
  }
  return std::ranges::all_of(mask.as<float>(), [](float added) { return added == 0.0f; });
}

}  // namespace

ValueId MaskBuilder::made(const std::string& op, std::vector<ValueId> inputs, DataType type) {
  const auto [at, is_new] = made_.try_emplace({op, inputs}, graph::kNoValue);
  if (!is_new) return at->second;
  Shape shape = *rewriter_.value(inputs[0]).shape;
  for (ValueId input : inputs) shape = *ops::broadcast(shape, *rewriter_.value(input).shape);
  const std::string name = rewriter_.value(inputs[0]).name + "_mask_" + op;
  at->second = rewriter_.add_value(name, type, shape);
  rewriter_.add_node({.name = name,
                      .op = op,
                      .domain = "",
                      .opset = kOpset,
                      .inputs = std::move(inputs),
                      .outputs = {at->second},
                      .attributes = {}});
  return at->second;
}

ValueId MaskBuilder::number(float number) {
  const auto [at, is_new] = numbers_.try_emplace(number, graph::kNoValue);
  if (is_new) {
    at->second = rewriter_.add_constant("mask_number_" + std::to_string(numbers_.size()),
                                        float_tensor(Shape{}, {number}));
  }
  return at->second;
}

// True where `mask` is false. A constant at once: what it hides is to be looked at.
ValueId MaskBuilder::inverted(ValueId mask) {
  const auto& constant = rewriter_.value(mask).constant;
  if (!constant) return made("Not", {mask}, DataType::kBool);
  const auto [at, is_new] = made_.try_emplace({"Not", {mask}}, graph::kNoValue);
  if (!is_new) return at->second;
  std::vector<std::uint8_t> keeps;
  for (std::byte hides : constant->bytes()) keeps.push_back(hides == std::byte{0});
  at->second =
      rewriter_.add_constant(rewriter_.value(mask).name + "_inverted",
                             Tensor::from<std::uint8_t>(DataType::kBool, constant->shape(), keeps));
  return at->second;
}

// A mask over [batch * heads, queries, keys] that differs along the first axis; others broadcast.
ValueId MaskBuilder::of_four_axes(const ScoreMask& mask, const Shape& scores) {
  const Shape shape = *rewriter_.value(mask.value).shape;
  const bool as_it_is = mask.scores.rank() == 4 || shape.rank() < 3 || shape[0] == 1;
  if (as_it_is || scores[0] == 1) return mask.value;
  Shape split{scores[0], scores[1], shape[1], shape[2]};
  const std::string name = rewriter_.value(mask.value).name + "_by_head";
  const ValueId value = rewriter_.add_value(name, rewriter_.value(mask.value).type, split);
  const auto id = rewriter_.add_node({.name = name,
                                      .op = "Reshape",
                                      .domain = "",
                                      .opset = kOpset,
                                      .inputs = {},
                                      .outputs = {value},
                                      .attributes = {}});
  make_reshape(rewriter_, id, mask.value, split);
  return value;
}

// A mask of bools as numbers to add, which must hide as well.
bool MaskBuilder::turn_into_numbers(AttentionMask& mask) {
  if (!absorbs_scores(*mask.replacement)) return false;
  mask.value =
      made("Where", {mask.value, number(0), number(*mask.replacement)}, DataType::kFloat32);
  mask.replacement.reset();
  return true;
}

// Lets `mask` follow what `all` does.
bool MaskBuilder::join(AttentionMask& all, const ScoreMask& mask) {
  if (all.value == graph::kNoValue) {
    all.value = mask.value;
    if (mask.is_bool) all.replacement = mask.replacement;
    return true;
  }
  if (!mask.is_bool) {
    all.value = made("Add", {all.value, mask.value}, DataType::kFloat32);
    return true;
  }
  if (!absorbs_scores(mask.replacement)) return false;
  all.value = made("Where", {mask.value, all.value, number(mask.replacement)}, DataType::kFloat32);
  return true;
}

// Masks that follow each other, as one; what is computed for constants is folded.
std::optional<AttentionMask> MaskBuilder::joined(const std::vector<ScoreMask>& masks) {
  AttentionMask all;
  for (const ScoreMask& mask : masks) {
    if (all.replacement && !turn_into_numbers(all)) return std::nullopt;
    if (!join(all, mask)) return std::nullopt;
  }
  return all;
}

std::optional<AttentionMask> MaskBuilder::build(const std::vector<ScoreMask>& masks,
                                                const Shape& scores, std::int64_t past) {
  std::vector<ScoreMask> left;
  bool causal = false;
  for (ScoreMask mask : masks) {
    if (mask.scores.rank() == 4 && mask.scores != scores) return std::nullopt;
    if (mask.hides) mask.value = inverted(mask.value);
    const auto& constant = rewriter_.value(mask.value).constant;
    if (constant) {
      const Tensor tensor = constant->aligned();
      if (changes_nothing(tensor)) continue;
      causal = masks.size() == 1 && is_causal(tensor, mask.replacement, scores, past);
      if (causal) continue;
    }
    mask.value = of_four_axes(mask, scores);
    left.push_back(mask);
  }
  auto all = joined(left);
  if (all) all->causal = causal;
  return all;
}

}  // namespace mini_infer::optimizer
