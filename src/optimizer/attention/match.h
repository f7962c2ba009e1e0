#pragma once

#include <optional>
#include <vector>

#include "optimizer/rewrite.h"

namespace mini_infer::optimizer {

// What is done to scores before their Softmax.
struct ScoreMask {
  graph::ValueId value = graph::kNoValue;
  bool is_bool = false;   // chooses scores; else it is added to them
  bool hides = false;     // a bool that is true where the score is replaced
  float replacement = 0;  // by this
  core::Shape scores;     // [batch, heads, queries, keys] or [batch * heads, queries, keys]
};

// Softmax(scale * query x key, masked) x value, as the nodes say it.
struct AttentionMatch {
  graph::ValueId query = graph::kNoValue;  // [..., queries, size]
  graph::ValueId key = graph::kNoValue;    // [..., size, keys]
  graph::ValueId value = graph::kNoValue;  // [..., keys, size]
  std::int64_t batch = 0;        // where a Reshape joins or splits batch and heads; else 0
  float scale = 1;               // of the product
  std::vector<ScoreMask> masks;  // in the order they apply
  bool nan_is_zero = false;      // weights that are NaN are replaced by 0
  graph::NodeId last = graph::kNoNode;
};

// The attention around a Softmax. Nothing else reads what lies between its first and last node.
std::optional<AttentionMatch> match_attention(const Rewriter& rewriter, graph::NodeId softmax);

}  // namespace mini_infer::optimizer
