#include "optimizer/attention/mask.h"

#include <algorithm>

#include "ops/attention_softmax.h"
#include "ops/shapes.h"
#include "optimizer/constants.h"
#include "optimizer/reshape.h"

namespace mini_infer::optimizer {
namespace {

using core::DataType;
using core::Shape;
using core::Tensor;
using graph::ValueId;

constexpr int kOpset = 17;  // of And, Add, Not and Reshape as made here

bool covers(const Shape& mask, const Shape& scores) {
  return mask.rank() >= 2 && mask[mask.rank() - 1] == scores[3] &&
         mask[mask.rank() - 2] == scores[2];
}

// Whether a constant mask acts on exactly the keys after each query's own. `acts(i)` says of
// element i whether it does.
template <typename Acts>
bool is_causal(const Shape& shape, std::int64_t past, Acts acts) {
  const std::int64_t keys = shape[shape.rank() - 1];
  const std::int64_t queries = shape[shape.rank() - 2];
  for (std::int64_t i = 0; i < shape.elements(); ++i) {
    const bool visible = i % keys <= past + i / keys % queries;
    if (acts(i) == visible) return false;
  }
  return true;
}

// What a constant mask that is causal makes of the scores it hides: replaces them by this, or adds
// it. nullopt where the mask is not causal, or hides too little for keys to be left out.
std::optional<float> causal_score(const Tensor& mask, const ScoreMask& of, const Shape& scores,
                                  std::int64_t past) {
  const Shape& shape = mask.shape();
  if (!covers(shape, scores)) return std::nullopt;
  float hidden = of.replacement;
  bool fits = false;
  if (of.is_bool) {
    const auto keeps = mask.as<std::uint8_t>();
    fits = is_causal(shape, past,
                     [&](std::int64_t i) { return keeps[static_cast<std::size_t>(i)] == 0; });
  } else {
    // All that are hidden get the same.
    const auto added = mask.as<float>();
    hidden = *std::ranges::min_element(added);
    fits = std::ranges::all_of(added, [&](float x) { return x == 0.0f || x == hidden; }) &&
           is_causal(shape, past,
                     [&](std::int64_t i) { return added[static_cast<std::size_t>(i)] == hidden; });
  }
  return fits && hidden <= ops::kHidden ? std::optional(hidden) : std::nullopt;
}

// Bools and numbers do not mix: where a bool hides a score that is NaN, a number added to it would
// not. Bools do where they put the same in the place of scores.
bool are_of_one_kind(const std::vector<ScoreMask>& masks) {
  return std::ranges::all_of(masks, [&](const ScoreMask& mask) {
    return mask.is_bool == masks[0].is_bool &&
           (!mask.is_bool || mask.replacement == masks[0].replacement);
  });
}

// The one of the masks that is_causal can say.
struct CausalMask {
  std::size_t index = 0;
  float hidden_score = 0;
};

// Whether it may come before all others, which are then one mask.
bool can_be_first(const CausalMask& causal, std::vector<ScoreMask> masks) {
  const auto at = masks.begin() + static_cast<std::ptrdiff_t>(causal.index);
  const bool is_bool = at->is_bool;
  const bool commutes = std::all_of(masks.begin(), at,
                                    [&](const ScoreMask& mask) { return mask.is_bool == is_bool; });
  masks.erase(at);
  return commutes && are_of_one_kind(masks) &&
         std::ranges::all_of(masks, [&](const ScoreMask& mask) {
           return !mask.is_bool || mask.replacement == causal.hidden_score;
         });
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

// Of masks that are all of one kind; what is computed for constants is folded.
AttentionMask MaskBuilder::made_of(const std::vector<ScoreMask>& masks, const Shape& scores) {
  AttentionMask all;
  for (ScoreMask mask : masks) {
    if (mask.hides) mask.value = inverted(mask.value);
    mask.value = of_four_axes(mask, scores);
    if (mask.is_bool) all.hidden_score = mask.replacement;
    if (all.value == graph::kNoValue) {
      all.value = mask.value;
    } else if (mask.is_bool) {
      all.value = made("And", {all.value, mask.value}, DataType::kBool);
    } else {
      all.value = made("Add", {all.value, mask.value}, DataType::kFloat32);
    }
  }
  return all;
}

std::optional<AttentionMask> MaskBuilder::build(const std::vector<ScoreMask>& masks,
                                                const Shape& scores, std::int64_t past) {
  std::vector<ScoreMask> left;
  std::optional<CausalMask> causal;
  for (ScoreMask mask : masks) {
    if (mask.scores.rank() == 4 && mask.scores != scores) return std::nullopt;
    if (rewriter_.value(mask.value).constant) {
      if (mask.hides) mask.value = inverted(mask.value);
      mask.hides = false;
      const Tensor tensor = rewriter_.value(mask.value).constant->aligned();
      if (changes_nothing(tensor)) continue;
      const auto hidden = causal_score(tensor, mask, scores, past);
      if (hidden && !causal) causal = {left.size(), *hidden};
    }
    left.push_back(mask);
  }
  if (causal && can_be_first(*causal, left)) {
    const bool is_added = !left[causal->index].is_bool;
    left.erase(left.begin() + static_cast<std::ptrdiff_t>(causal->index));
    AttentionMask all = made_of(left, scores);
    all.hidden_score = causal->hidden_score;
    all.causal = true;
    all.causal_is_added = is_added;
    return all;
  }
  return are_of_one_kind(left) ? std::optional(made_of(left, scores)) : std::nullopt;
}

}  // namespace mini_infer::optimizer
