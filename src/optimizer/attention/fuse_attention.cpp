#include <algorithm>

#include "ops/attention.h"
#include "optimizer/attention/heads_view.h"
#include "optimizer/attention/mask.h"
#include "optimizer/attention/match.h"
#include "optimizer/attention/strided_view.h"
#include "optimizer/passes.h"
#include "optimizer/reshape.h"

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
using Input = ops::AttentionInput;

// Keys or values that are joined with those of the past, which `joined` is the result of.
struct Cache {
  HeadsView past;
  HeadsView fresh;
  NodeId concat = kNoNode;
};

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

// The Concat of a past and new keys or values that `view` is all of, in order.
std::optional<Cache> cache_behind(const Graph& graph, const HeadsView& view) {
  const NodeId id = graph.value(view.root).producer;
  if (id == kNoNode || !graph.node(id).is("Concat")) return std::nullopt;
  const Node& concat = graph.node(id);
  const Shape& shape = *graph.value(view.root).shape;
  const std::int64_t axis = concat.get_int("axis", 0);
  if (concat.inputs.size() != 2 || shape.rank() != 4 || (axis != 2 && axis != -2)) {
    return std::nullopt;
  }
  if (view.heads.shape() != shape || !is_dense(view.heads)) return std::nullopt;
  const auto past = find_heads(graph, concat.inputs[0], {});
  const auto fresh = find_heads(graph, concat.inputs[1], {});
  if (!past || !fresh) return std::nullopt;
  return Cache{*past, *fresh, id};
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

class Fusion {
 public:
  Fusion(Rewriter& rewriter, MaskBuilder& masks, AttentionMatch match)
      : rewriter_(rewriter), masks_(masks), match_(std::move(match)) {}

  void fuse() {
    if (!find_inputs() || !heads_fit()) return;
    find_past();
    if (!find_mask()) return;
    find_output();
    build();
  }

 private:
  bool find_inputs() {
    const std::int64_t batch = batch_of(rewriter_, match_);
    const auto query = find_heads(graph(), match_.query, {.batch = batch, .scaled = true});
    const auto key = find_heads(
        graph(), match_.key, {.batch = batch, .transposed = true, .scaled = true, .grouped = true});
    const auto value = find_heads(graph(), match_.value, {.batch = batch, .grouped = true});
    if (!query || !key || !value) return false;
    query_ = *query;
    key_ = *key;
    value_ = *value;
    return true;
  }

  bool heads_fit() const {
    const Heads& query = query_.heads;
    const Heads& key = key_.heads;
    const Heads& value = value_.heads;
    return key.heads == value.heads && query.heads % key.heads == 0 && query.size == key.size &&
           key.tokens == value.tokens &&
           rewriter_.output_shape(match_.last).elements() ==
               query.batch * query.heads * query.tokens * value.size;
  }

  void find_past() {
    const auto key = cache_behind(graph(), key_);
    const auto value = cache_behind(graph(), value_);
    if (!key || !value || key->past.heads.tokens != value->past.heads.tokens) return;
    if (key_.heads.batch != query_.heads.batch || value_.heads.batch != query_.heads.batch) return;
    std::vector<ValueId> inputs = {query_.root, key->past.root, key->fresh.root, value->past.root,
                                   value->fresh.root};
    for (const ScoreMask& mask : match_.masks) inputs.push_back(mask.value);
    if (depends_on(graph(), inputs, {key->concat, value->concat})) return;
    key_cache_ = key;
    value_cache_ = value;
    key_.root = key->fresh.root;
    key_.heads = key->fresh.heads;
    value_.root = value->fresh.root;
    value_.heads = value->fresh.heads;
  }

  std::int64_t past() const { return key_cache_ ? key_cache_->past.heads.tokens : 0; }

  bool find_mask() {
    const Heads& query = query_.heads;
    if (!broadcast_batch(key_.heads, query.batch) || !broadcast_batch(value_.heads, query.batch)) {
      return false;
    }
    const Shape scores{query.batch, query.heads, query.tokens, past() + key_.heads.tokens};
    const auto mask = masks_.build(match_.masks, scores, past());
    if (mask) mask_ = *mask;
    return mask.has_value();
  }

  // Follows what only re-views the output as long as the heads can be written in place.
  void find_output() {
    ValueId value = rewriter_.node(match_.last).outputs[0];
    Heads heads = query_.heads;
    heads.size = value_.heads.size;
    output_ = {.root = value, .heads = ops::dense(heads)};
    const HeadsView dense = output_;
    std::vector<ViewStep> steps;
    for (NodeId id = rewriter_.only_reader(value); id != kNoNode;
         id = rewriter_.only_reader(value)) {
      if (!is_view(graph(), id) && !rewriter_.node(id).is("Transpose")) return;
      if (rewriter_.node(id).inputs[0] != value) return;  // the value is its shape
      steps.insert(steps.begin(), {id, value});
      value = rewriter_.node(id).outputs[0];
      if (const auto moved = moved_heads(dense.heads, value, steps)) output_ = {value, *moved};
    }
  }

  // Where in `value` the dense heads come to lie.
  std::optional<Heads> moved_heads(Heads heads, ValueId value,
                                   const std::vector<ViewStep>& steps) const {
    const auto view = view_through(graph(), value, steps, steps.size());
    if (!view) return std::nullopt;
    StridedAxis strides;
    for (const StridedAxis& axis : view->axes) {
      strides.insert(strides.end(), axis.begin(), axis.end());
    }
    const auto batch = moved_step(strides, {heads.batch, heads.batch_step});
    const auto head = moved_step(strides, {heads.heads, heads.head_step});
    const auto token = moved_step(strides, {heads.tokens, heads.token_step});
    const auto element = moved_step(strides, {heads.size, 1});
    if (!batch || !head || !token || !element || (heads.size != 1 && *element != 1)) {
      return std::nullopt;
    }
    heads.batch_step = *batch;
    heads.head_step = *head;
    heads.token_step = *token;
    return heads;
  }

  // `strides` reads a dense tensor in another order; what the step of `from` becomes in that order.
  static std::optional<std::int64_t> moved_step(const StridedAxis& strides, Stride from) {
    if (from.extent == 1) return 0;
    std::int64_t step = 1;
    for (auto stride = strides.rbegin(); stride != strides.rend(); ++stride) {
      const std::int64_t ratio = from.step / stride->step;
      const bool holds =
          from.step % stride->step == 0 && stride->extent % (ratio * from.extent) == 0;
      if (holds) return step * ratio;
      step *= stride->extent;
    }
    return std::nullopt;
  }

  std::vector<ValueId> inputs() const {
    std::vector<ValueId> inputs = {query_.root, key_.root, value_.root, mask_.value};
    if (key_cache_) inputs.insert(inputs.end(), {key_cache_->past.root, value_cache_->past.root});
    while (inputs.back() == kNoValue) inputs.pop_back();
    return inputs;
  }

  std::vector<ValueId> outputs() const {
    if (!key_cache_) return {output_.root};
    return {output_.root, rewriter_.node(key_cache_->concat).outputs[0],
            rewriter_.node(value_cache_->concat).outputs[0]};
  }

  void state(Node& node) const {
    auto& attributes = node.attributes;
    attributes["query"] = ops::stated(query_.heads);
    attributes["key"] = ops::stated(key_.heads);
    attributes["value"] = ops::stated(value_.heads);
    attributes["output"] = ops::stated(output_.heads);
    attributes["output_shape"] = rewriter_.value(output_.root).shape->dims();
    attributes["scale"] = match_.scale * query_.scale * key_.scale;
    if (key_cache_) attributes["past_key"] = ops::stated(key_cache_->past.heads);
    if (value_cache_) attributes["past_value"] = ops::stated(value_cache_->past.heads);
    if (mask_.replacement) attributes["masked_score"] = *mask_.replacement;
    if (mask_.causal) attributes["is_causal"] = std::int64_t{1};
    if (!match_.nan_is_zero) attributes["masked_rows_are_nan"] = std::int64_t{1};
  }

  void build() {
    Node node{.name = rewriter_.node(match_.last).name,
              .op = "Attention",
              .domain = std::string(graph::kInternalDomain),
              .opset = 1,
              .inputs = inputs(),
              .outputs = outputs(),
              .attributes = {}};
    state(node);
    for (ValueId output : node.outputs) rewriter_.remove(rewriter_.value(output).producer);
    rewriter_.add_node(std::move(node));
  }

  const Graph& graph() const { return rewriter_.graph(); }

  Rewriter& rewriter_;
  MaskBuilder& masks_;
  AttentionMatch match_;
  HeadsView query_, key_, value_, output_;
  std::optional<Cache> key_cache_, value_cache_;
  AttentionMask mask_;
};

}  // namespace

core::Status fuse_attention(Graph& graph) {
  Rewriter rewriter(graph);
  MaskBuilder masks(rewriter);
  for (NodeId id : rewriter.nodes()) {
    if (rewriter.removed(id)) continue;
    if (auto match = match_attention(rewriter, id)) {
      Fusion(rewriter, masks, std::move(*match)).fuse();
    }
  }
  return rewriter.finish();
}

}  // namespace mini_infer::optimizer
