#pragma once

#include "optimizer/rewrite.h"

// Nodes that only see the same bytes under another shape.
namespace mini_infer::optimizer {

// The axis of the input that each axis of a Transpose's output is.
std::vector<std::int64_t> permutation_of(const graph::Graph& graph, graph::NodeId transpose);

// Whether moving the axes of a tensor of this shape leaves its elements where they are: only axes
// of extent 1 move.
bool moves_no_element(const core::Shape& shape, const std::vector<std::int64_t>& permutation);

// Reshape, Flatten, Squeeze, Unsqueeze, and a Transpose that moves no element.
bool is_view(const graph::Graph& graph, graph::NodeId id);

// The value whose bytes `value` sees, through any number of views.
graph::ValueId viewed_value(const graph::Graph& graph, graph::ValueId value);

// Turns the node into the Reshape of `input` to `shape`.
void make_reshape(Rewriter& rewriter, graph::NodeId id, graph::ValueId input,
                  const core::Shape& shape);

// Makes the view read through the views before it: the chain becomes one Reshape, the rest dies
// when unread.
void join_views(Rewriter& rewriter, graph::NodeId id);

// Adds the Reshape that makes the value `to` of `from`.
void add_reshape(Rewriter& rewriter, graph::ValueId from, graph::ValueId to);

}  // namespace mini_infer::optimizer
