#include "optimizer/attention/inputs.h"

#include <algorithm>

namespace mini_infer::optimizer {
namespace {

using core::Shape;
using graph::Graph;
using graph::kNoNode;
using graph::kNoValue;
using graph::Node;
using graph::NodeId;
using graph::ValueId;
using ops::Heads;

std::int64_t batch_of(const Rewriter& rewriter, const AttentionMatch& match) {
  if (match.batch != 0) return match.batch;
  for (ValueId value : {match.query, match.value}) {
    const Shape& shape = *rewriter.value(value).shape;
    if (shape.rank() == 4) return shape[0];
  }
  return apparent_batch(rewriter.graph(), match.query);
}

// The same keys or values for every sample.
bool broadcast_batch(Heads& heads, std::int64_t batch) {
  if (heads.batch == 1) heads.batch_step = 0;
  if (heads.batch == 1) heads.batch = batch;
  return heads.batch == batch;
}

bool is_dense(const Heads& heads) {
  const Heads dense = ops::dense(heads);
  return heads.first == 0 && (heads.batch == 1 || heads.batch_step == dense.batch_step) &&
         (heads.heads == 1 || heads.head_step == dense.head_step) &&
         (heads.tokens == 1 || heads.token_step == dense.token_step);
}

// The Concat of a past and new keys or values that `view` is all of, in order; else kNoNode.
NodeId concat_behind(const Graph& graph, const HeadsView& view) {
  const NodeId id = graph.value(view.root).producer;
  if (id == kNoNode || !graph.node(id).is("Concat")) return kNoNode;
  const Node& concat = graph.node(id);
  const Shape& shape = *graph.value(view.root).shape;
  const std::int64_t axis = concat.get_int("axis", 0);
  const bool fits = concat.inputs.size() == 2 && shape.rank() == 4 && (axis == 2 || axis == -2) &&
                    view.heads.shape() == shape && is_dense(view.heads);
  return fits ? id : kNoNode;
}

// Whether computing one of `values` takes one of `nodes`.
bool depends_on(const Graph& graph, std::vector<ValueId> values, const std::vector<NodeId>& nodes) {
  std::vector<bool> seen(graph.nodes().size(), false);
  while (!values.empty()) {
    const ValueId value = values.back();
    values.pop_back();
    const NodeId id = value == kNoValue ? kNoNode : graph.value(value).producer;
    if (id == kNoNode || seen[static_cast<std::size_t>(id)]) continue;
    if (std::ranges::find(nodes, id) != nodes.end()) return true;
    seen[static_cast<std::size_t>(id)] = true;
    values.insert(values.end(), graph.node(id).inputs.begin(), graph.node(id).inputs.end());
  }
  return false;
}

bool locate(const Graph& graph, AttentionSlot& slot) {
  const auto view = find_heads(graph, slot.value, slot.form);
  if (view) slot.view = *view;
  return view.has_value();
}

std::vector<AttentionSlot*> slots(AttentionInputs& inputs) {
  std::vector<AttentionSlot*> slots = {&inputs.query, &inputs.key, &inputs.value};
  if (inputs.has_past) slots.insert(slots.end(), {&inputs.past_key, &inputs.past_value});
  return slots;
}

// By a node that the model has; those that passes add follow none of its order.
bool is_read_after(const Rewriter& rewriter, ValueId value, NodeId node) {
  if (rewriter.is_output(value)) return true;
  return std::ranges::any_of(rewriter.readers(value), [&](NodeId reader) {
    return reader > node && !rewriter.node(reader).is("Attention", graph::kInternalDomain);
  });
}

// Whether reading this part in place keeps the whole alive that nobody else reads later, and of
// which the attention does not need the rest.
bool keeps_too_much(const Rewriter& rewriter, AttentionInputs& inputs, const HeadsView& view) {
  std::int64_t needed = 0;
  NodeId last = view.reader;
  for (const AttentionSlot* slot : slots(inputs)) {
    if (slot->view.root != view.root) continue;
    needed += slot->view.heads.shape().elements();
    last = std::max(last, slot->view.reader);
  }
  return needed < rewriter.value(view.root).shape->elements() &&
         !is_read_after(rewriter, view.root, last);
}

// Such parts are better copied before, as they were.
bool let_go_of_large_roots(const Rewriter& rewriter, AttentionInputs& inputs) {
  std::vector<AttentionSlot*> copied;
  std::ranges::copy_if(slots(inputs), std::back_inserter(copied), [&](const AttentionSlot* slot) {
    return keeps_too_much(rewriter, inputs, slot->view);
  });
  return std::ranges::all_of(copied, [&](AttentionSlot* slot) {
    slot->form.whole = true;
    return locate(rewriter.graph(), *slot);
  });
}

class Finder {
 public:
  Finder(const Rewriter& rewriter, const AttentionMatch& match)
      : rewriter_(rewriter), match_(match) {}

  std::optional<AttentionInputs> find() {
    if (!find_heads_of_all() || !heads_fit()) return std::nullopt;
    if (auto with_past = past_of(inputs_)) inputs_ = std::move(*with_past);
    if (!let_go_of_large_roots(rewriter_, inputs_)) return std::nullopt;
    const std::int64_t batch = inputs_.query.view.heads.batch;
    const bool fits = broadcast_batch(inputs_.key.view.heads, batch) &&
                      broadcast_batch(inputs_.value.view.heads, batch);
    return fits ? std::optional(inputs_) : std::nullopt;
  }

 private:
  const Graph& graph() const { return rewriter_.graph(); }

  bool find_heads_of_all() {
    const std::int64_t batch = batch_of(rewriter_, match_);
    inputs_.query = {match_.query, {.batch = batch, .scaled = true}, {}};
    inputs_.key = {
        match_.key, {.batch = batch, .transposed = true, .scaled = true, .grouped = true}, {}};
    inputs_.value = {match_.value, {.batch = batch, .grouped = true}, {}};
    if (!locate(graph(), inputs_.query) || !locate(graph(), inputs_.key) ||
        !locate(graph(), inputs_.value))
      return false;
    // Apart, for one of them may keep a product from overflowing.
    inputs_.query_scale = inputs_.query.view.scale * inputs_.key.view.scale;
    inputs_.scale = match_.scale;
    return true;
  }

  bool heads_fit() const {
    const Heads& query = inputs_.query.view.heads;
    const Heads& key = inputs_.key.view.heads;
    const Heads& value = inputs_.value.view.heads;
    return key.heads == value.heads && query.heads % key.heads == 0 && query.size == key.size &&
           key.tokens == value.tokens &&
           rewriter_.output_shape(match_.last).elements() ==
               query.batch * query.heads * query.tokens * value.size;
  }

  // Takes the keys or values apart that `concat` joins.
  bool take_apart(NodeId concat, AttentionSlot& past, AttentionSlot& fresh) const {
    past = {rewriter_.node(concat).inputs[0], {}, {}};
    fresh = {rewriter_.node(concat).inputs[1], {}, {}};
    return locate(graph(), past) && locate(graph(), fresh);
  }

  // The same attention of past and new keys, which must not be made of what it now makes itself.
  std::optional<AttentionInputs> past_of(AttentionInputs inputs) const {
    const std::int64_t batch = inputs.query.view.heads.batch;
    inputs.joined_key = concat_behind(graph(), inputs.key.view);
    inputs.joined_value = concat_behind(graph(), inputs.value.view);
    if (inputs.joined_key == kNoNode || inputs.joined_value == kNoNode) return std::nullopt;
    if (inputs.key.view.heads.batch != batch || inputs.value.view.heads.batch != batch) {
      return std::nullopt;
    }
    inputs.has_past = take_apart(inputs.joined_key, inputs.past_key, inputs.key) &&
                      take_apart(inputs.joined_value, inputs.past_value, inputs.value);
    std::vector<ValueId> read;
    for (AttentionSlot* slot : slots(inputs)) read.push_back(slot->view.root);
    for (const ScoreMask& mask : match_.masks) read.push_back(mask.value);
    const bool fits = inputs.has_past &&
                      inputs.past_key.view.heads.tokens == inputs.past_value.view.heads.tokens &&
                      !depends_on(graph(), read, {inputs.joined_key, inputs.joined_value});
    return fits ? std::optional(std::move(inputs)) : std::nullopt;
  }

  const Rewriter& rewriter_;
  const AttentionMatch& match_;
  AttentionInputs inputs_;
};

}  // namespace

bool locate(const Rewriter& rewriter, AttentionInputs& inputs) {
  return std::ranges::all_of(
             slots(inputs), [&](AttentionSlot* slot) { return locate(rewriter.graph(), *slot); }) &&
         let_go_of_large_roots(rewriter, inputs);
}

std::optional<AttentionInputs> find_inputs(const Rewriter& rewriter, const AttentionMatch& match) {
  return Finder(rewriter, match).find();
}

}  // namespace mini_infer::optimizer
