#pragma once

#include "mini_infer/graph/graph.h"

namespace mini_infer::ops {

// Compares what the model file states as the shapes of graph outputs with what inference found.
// Where they differ a warning names both, and the statement is dropped: inference is what runs.
void drop_wrong_annotations(graph::Graph& graph);

}  // namespace mini_infer::ops
