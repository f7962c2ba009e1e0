#include "optimizer/attention/inputs.h"
#include "optimizer/attention/mask.h"
#include "optimizer/attention/output_view.h"
#include "optimizer/attention/read_in_place.h"
#include "optimizer/passes.h"

namespace mini_infer::optimizer {
namespace {

using graph::Graph;
using graph::kNoNode;
using graph::kNoValue;
using graph::Node;
using graph::NodeId;
using graph::ValueId;
using ops::Heads;

class Fusion {
 public:
  Fusion(Rewriter& rewriter, const AttentionMatch& match, AttentionInputs inputs)
      : rewriter_(rewriter), match_(match), inputs_(std::move(inputs)) {}

  core::Shape scores() const {
    const Heads& query = inputs_.query.view.heads;
    return {query.batch, query.heads, query.tokens, inputs_.past() + inputs_.key.view.heads.tokens};
  }

  std::int64_t past() const { return inputs_.past(); }

  void fuse(const AttentionMask& mask) {
    mask_ = mask;
    Heads heads = inputs_.query.view.heads;
    heads.size = inputs_.value.view.heads.size;
    output_ = follow_output(rewriter_, rewriter_.node(match_.last).outputs[0], ops::dense(heads));
    build();
  }

 private:
  std::vector<ValueId> inputs() const {
    std::vector<ValueId> inputs = {inputs_.query.view.root, inputs_.key.view.root,
                                   inputs_.value.view.root, mask_.value};
    if (inputs_.has_past) {
      inputs.push_back(inputs_.past_key.view.root);
      inputs.push_back(inputs_.past_value.view.root);
    }
    while (inputs.back() == kNoValue) inputs.pop_back();
    return inputs;
  }

  std::vector<ValueId> outputs() const {
    if (!inputs_.has_past) return {output_.root};
    return {output_.root, rewriter_.node(inputs_.joined_key).outputs[0],
            rewriter_.node(inputs_.joined_value).outputs[0]};
  }

  void state(Node& node) const {
    auto& attributes = node.attributes;
    attributes["query"] = ops::stated(inputs_.query.view.heads);
    attributes["key"] = ops::stated(inputs_.key.view.heads);
    attributes["value"] = ops::stated(inputs_.value.view.heads);
    attributes["output"] = ops::stated(output_.heads);
    attributes["output_shape"] = rewriter_.value(output_.root).shape->dims();
    attributes["scale"] = inputs_.scale;
    if (inputs_.query_scale != 1) attributes["query_scale"] = inputs_.query_scale;
    if (inputs_.has_past) {
      attributes["past_key"] = ops::stated(inputs_.past_key.view.heads);
      attributes["past_value"] = ops::stated(inputs_.past_value.view.heads);
    }
    if (mask_.hidden_score) attributes["masked_score"] = *mask_.hidden_score;
    if (mask_.causal) attributes["is_causal"] = std::int64_t{1};
    if (mask_.causal_is_added) attributes["masked_score_is_added"] = std::int64_t{1};
    attributes["softmax"] = std::string(match_.nan_is_zero ? "nan_is_zero" : "written_out");
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
  const AttentionMatch& match_;
  AttentionInputs inputs_;
  AttentionMask mask_;
  HeadsView output_;
};

void fuse(Rewriter& rewriter, MaskBuilder& masks, const AttentionMatch& match) {
  auto inputs = find_inputs(rewriter, match);
  if (!inputs) return;
  Fusion fusion(rewriter, match, std::move(*inputs));
  const auto mask = masks.build(match.masks, fusion.scores(), fusion.past());
  if (mask) fusion.fuse(*mask);
}

}  // namespace

core::Status fuse_attention(Graph& graph) {
  Rewriter rewriter(graph);
  MaskBuilder masks(rewriter);
  for (NodeId id : rewriter.nodes()) {
    if (rewriter.removed(id)) continue;
    if (rewriter.node(id).is("Attention")) read_in_place(rewriter, id);
    if (const auto match = match_attention(rewriter, id)) fuse(rewriter, masks, *match);
  }
  return rewriter.finish();
}

}  // namespace mini_infer::optimizer
