#pragma once

#include <string>
#include <vector>

#include "mini_infer/core/export.h"
#include "mini_infer/graph/graph.h"

namespace mini_infer::runtime {

// The graph inputs whose values, not only shapes, must be known before planning (the second input
// of Reshape, say). Give them with graph::bind_input_value.
MINI_INFER_API std::vector<std::string> shape_deciding_inputs(const graph::Graph& graph);

}  // namespace mini_infer::runtime
