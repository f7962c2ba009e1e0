#pragma once

#include <optional>

#include "mini_infer/graph/graph.h"
#include "ops/heads.h"

namespace mini_infer::optimizer {

// Heads as they lie in a tensor, `root`.
struct HeadsView {
  graph::ValueId root = graph::kNoValue;
  ops::Heads heads;
  float scale = 1;                        // the heads are this many times what lies there
  graph::NodeId reader = graph::kNoNode;  // which so far read the root; none: it is the value
};

// How a value holds heads, and what may be between it and the root.
struct HeadsForm {
  std::int64_t batch = 1;  // of [batch * heads, tokens, size]; [batch, heads, tokens, size] says it
  std::int64_t merged_heads = 0;  // of [batch, tokens, heads * size]; 0: it is none
  bool transposed = false;        // the last two axes are size and tokens
  bool scaled = false;            // products with a constant scalar
  bool grouped = false;           // a head repeated for each of a group counts once
  bool whole = false;             // the heads must be all that the root holds
};

// The heads of `value`, as far from it towards its origin as they can still be read in place.
std::optional<HeadsView> find_heads(const graph::Graph& graph, graph::ValueId value,
                                    const HeadsForm& form);

// The batch that [batch * heads, tokens, size] seems to have: what lies furthest apart, or in other
// rows of the root.
std::int64_t apparent_batch(const graph::Graph& graph, graph::ValueId value);

}  // namespace mini_infer::optimizer
