#pragma once

#include "mini_infer/graph/graph.h"

namespace mini_infer::graph {

// Gives back the pages of the graph's files, which the system reads again when they are next
// needed.
void release_pages(const Graph& graph);

// The same where `made`, a tensor computed from constants of the graph, is large: what it was made
// of would stay in memory beside it.
void release_pages_behind(const Graph& graph, const core::Tensor& made);

}  // namespace mini_infer::graph
