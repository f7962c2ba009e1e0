#include "optimizer/attention/rotary_match.h"
#include "optimizer/attention/rotary_tables.h"
#include "optimizer/passes.h"
#include "optimizer/reshape.h"

namespace mini_infer::optimizer {
namespace {

using core::DataType;
using core::Shape;
using graph::kNoNode;
using graph::kNoValue;
using graph::Node;
using graph::NodeId;
using graph::ValueId;

constexpr int kOpset = 23;  // the first with RotaryEmbedding

const std::vector<std::int64_t> kSwapHeadsAndTokens = {0, 2, 1, 3};

class RotaryFusion {
 public:
  RotaryFusion(Rewriter& rewriter, const RotaryMatch& match, const RotaryTables& tables)
      : rewriter_(rewriter),
        match_(match),
        tables_(tables),
        name_(rewriter.node(match.last).name),
        output_(rewriter.node(match.last).outputs[0]) {}

  // Of [batch, heads, tokens, size]. Where a Transpose made it so, the rotation goes before it.
  void fuse_heads_first() {
    const NodeId producer = rewriter_.value(match_.x).producer;
    const bool is_swap = producer != kNoNode && rewriter_.node(producer).is("Transpose") &&
                         permutation_of(rewriter_.graph(), producer) == kSwapHeadsAndTokens;
    rewriter_.remove(match_.last);
    if (!is_swap || rewriter_.is_output(match_.x)) {
      rotate(match_.x, output_, 0);
      return;
    }
    const ValueId before = rewriter_.node(producer).inputs[0];
    const ValueId rotated = rotate_merged(before, kNoValue);
    add("Transpose", "_heads", {rotated}, output_, {{"perm", kSwapHeadsAndTokens}});
  }

  // Of [batch, tokens, heads, size].
  void fuse_tokens_first() {
    rewriter_.remove(match_.last);
    rotate_merged(match_.x, output_);
  }

 private:
  using Attributes = std::map<std::string, graph::Attribute, std::less<>>;

  NodeId add(const std::string& op, const std::string& suffix, std::vector<ValueId> inputs,
             ValueId output, Attributes attributes = {}) {
    return rewriter_.add_node({.name = name_ + suffix,
                               .op = op,
                               .domain = "",
                               .opset = kOpset,
                               .inputs = std::move(inputs),
                               .outputs = {output},
                               .attributes = std::move(attributes)});
  }

  ValueId new_value(const std::string& suffix, Shape shape) {
    return rewriter_.add_value(name_ + suffix, DataType::kFloat32, std::move(shape));
  }

  ValueId reshape(ValueId value, const std::string& suffix, const Shape& shape, ValueId output) {
    if (output == kNoValue) output = new_value(suffix, shape);
    make_reshape(rewriter_, add("Reshape", suffix, {}, output), value, shape);
    return output;
  }

  // Rotates [batch, tokens, heads, size] as [batch, tokens, heads * size]. Makes `output`, or a new
  // value.
  ValueId rotate_merged(ValueId x, ValueId output) {
    const Shape shape = *rewriter_.value(x).shape;
    const Shape merged{shape[0], shape[1], shape[2] * shape[3]};
    const ValueId origin = viewed_value(rewriter_.graph(), x);
    const ValueId from =
        rewriter_.value(origin).shape == merged ? origin : reshape(x, "_merged", merged, kNoValue);
    const ValueId rotated = new_value("_rotated", merged);
    rotate(from, rotated, shape[2]);
    return reshape(rotated, "_split", shape, output);
  }

  void rotate(ValueId x, ValueId output, std::int64_t merged_heads) {
    const Shape shape = *rewriter_.value(match_.x).shape;
    std::vector<ValueId> inputs = {x, tables_.cosines, tables_.sines};
    if (tables_.position_ids != kNoValue) inputs.push_back(tables_.position_ids);
    Attributes attributes;
    if (match_.interleaved) attributes["interleaved"] = std::int64_t{1};
    if (merged_heads != 0) attributes["num_heads"] = merged_heads;
    if (match_.rotated != shape[3]) attributes["rotary_embedding_dim"] = match_.rotated;
    add("RotaryEmbedding", "", std::move(inputs), output, std::move(attributes));
  }

  Rewriter& rewriter_;
  const RotaryMatch& match_;
  const RotaryTables& tables_;
  std::string name_;
  ValueId output_;
};

void fuse(Rewriter& rewriter, RotaryTableBuilder& builder, const RotaryMatch& match) {
  constexpr int kHeadsFirst = 2;  // the tokens' axis
  constexpr int kTokensFirst = 1;
  if (const auto tables = builder.build(match, kHeadsFirst)) {
    RotaryFusion(rewriter, match, *tables).fuse_heads_first();
  } else if (const auto others = builder.build(match, kTokensFirst)) {
    RotaryFusion(rewriter, match, *others).fuse_tokens_first();
  }
}

}  // namespace

core::Status fuse_rotary(graph::Graph& graph) {
  Rewriter rewriter(graph);
  RotaryTableBuilder tables(rewriter);
  for (NodeId id : rewriter.nodes()) {
    if (rewriter.removed(id)) continue;
    if (const auto match = match_rotary(rewriter, id)) fuse(rewriter, tables, *match);
  }
  return rewriter.finish();
}

}  // namespace mini_infer::optimizer
