#include "optimizer/attention/read_in_place.h"

#include "ops/attention.h"
#include "optimizer/attention/inputs.h"
#include "optimizer/attention/output_view.h"

namespace mini_infer::optimizer {
namespace {

using graph::kNoNode;
using graph::kNoValue;
using graph::Node;
using graph::NodeId;
using graph::ValueId;
using ops::AttentionGeometry;
using Input = ops::AttentionInput;

constexpr std::size_t kScores = 3;  // the output that shows them

// Since opset 24 a mask may have fewer keys, and one of a single key is no longer broadcast.
bool means_the_same(const ops::NodeView& view, const AttentionGeometry& geometry) {
  const bool shows_scores = view.node().outputs.size() > kScores;
  return view.input_type(Input::kQuery) == core::DataType::kFloat32 && !shows_scores &&
         geometry.rules.keys == geometry.keys();
}

AttentionSlot slot_of(const Node& node, std::size_t slot, const ops::Heads& heads) {
  AttentionSlot result;
  result.value = node.inputs[slot];
  if (heads.merged) result.form.merged_heads = heads.heads;
  return result;
}

AttentionInputs inputs_of(const Node& node, const AttentionGeometry& geometry) {
  AttentionInputs inputs;
  inputs.query = slot_of(node, Input::kQuery, geometry.query);
  inputs.key = slot_of(node, Input::kKey, geometry.key);
  inputs.value = slot_of(node, Input::kValue, geometry.value);
  inputs.has_past = input_of(node, Input::kPastKey) != kNoValue;
  if (!inputs.has_past) return inputs;
  inputs.past_key = slot_of(node, Input::kPastKey, geometry.past_key);
  inputs.past_value = slot_of(node, Input::kPastValue, geometry.past_value);
  return inputs;
}

void read_slot(Rewriter& rewriter, NodeId id, int slot, const char* key, const HeadsView& view) {
  rewriter.set_input(id, slot, view.root);
  rewriter.node(id).attributes[key] = ops::stated(view.heads);
}

void write_to(Rewriter& rewriter, NodeId id, const HeadsView& output) {
  for (NodeId view = rewriter.value(output.root).producer; view != id;) {
    const ValueId from = rewriter.node(view).inputs[0];
    rewriter.remove(view);
    view = rewriter.value(from).producer;
  }
  rewriter.set_output(id, 0, output.root);
  rewriter.node(id).attributes["output"] = ops::stated(output.heads);
  rewriter.node(id).attributes["output_shape"] = rewriter.value(output.root).shape->dims();
}

}  // namespace

void read_in_place(Rewriter& rewriter, NodeId id) {
  const ops::NodeView view(rewriter.graph(), id);
  const auto geometry = ops::attention_geometry(view);
  if (!geometry.ok() || !means_the_same(view, *geometry)) return;
  AttentionInputs inputs = inputs_of(rewriter.node(id), *geometry);
  if (!locate(rewriter, inputs)) return;
  const HeadsView output = follow_output(rewriter, rewriter.node(id).outputs[0], geometry->output);
  const bool reads_as_before =
      inputs.query.view.reader == kNoNode && inputs.key.view.reader == kNoNode &&
      inputs.value.view.reader == kNoNode && inputs.past_key.view.reader == kNoNode &&
      inputs.past_value.view.reader == kNoNode;
  if (reads_as_before && output.root == rewriter.node(id).outputs[0]) return;

  read_slot(rewriter, id, Input::kQuery, "query", inputs.query.view);
  read_slot(rewriter, id, Input::kKey, "key", inputs.key.view);
  read_slot(rewriter, id, Input::kValue, "value", inputs.value.view);
  if (inputs.has_past) {
    read_slot(rewriter, id, Input::kPastKey, "past_key", inputs.past_key.view);
    read_slot(rewriter, id, Input::kPastValue, "past_value", inputs.past_value.view);
  }
  write_to(rewriter, id, output);
  Node& node = rewriter.node(id);
  node.domain = graph::kInternalDomain;
  node.opset = 1;
  node.attributes.erase("q_num_heads");
  node.attributes.erase("kv_num_heads");
}

}  // namespace mini_infer::optimizer
