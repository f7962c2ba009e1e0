#pragma once

#include <optional>

#include "optimizer/attention/heads_view.h"
#include "optimizer/attention/match.h"

namespace mini_infer::optimizer {

// Heads that an Attention reads: of which value, and where they lie.
struct AttentionSlot {
  graph::ValueId value = graph::kNoValue;
  HeadsForm form;
  HeadsView view;
};

// Where everything lies that the attention of a match reads.
struct AttentionInputs {
  AttentionSlot query, key, value;
  float query_scale = 1;  // of the queries
  float scale = 1;        // of their products with keys
  // With a past: what precedes the keys and the values, and the Concats that join them.
  bool has_past = false;
  AttentionSlot past_key, past_value;
  graph::NodeId joined_key = graph::kNoNode;
  graph::NodeId joined_value = graph::kNoNode;

  std::int64_t past() const { return has_past ? past_key.view.heads.tokens : 0; }
};

// Locates the heads of all slots, whose values and forms are set. Parts of larger tensors are read
// in place unless that keeps the rest of them alive for nothing. False when some cannot be read.
bool locate(const Rewriter& rewriter, AttentionInputs& inputs);

// nullopt when heads do not fit each other, or cannot be read in place.
std::optional<AttentionInputs> find_inputs(const Rewriter& rewriter, const AttentionMatch& match);

}  // namespace mini_infer::optimizer
