#pragma once

#include "mini_infer/graph/graph.h"

namespace mini_infer::runtime {

// Gives every graph output a storage of its own: one that is a constant, a graph input, or listed
// before is read through a mini_infer.Copy. The copy's value has the output's name.
void legalize_outputs(graph::Graph& graph);

}  // namespace mini_infer::runtime
