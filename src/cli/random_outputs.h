#pragma once

#include <optional>
#include <string>

#include "cli/input_files.h"
#include "mini_infer/graph/graph.h"

namespace mini_infer::cli {

// Names a node whose result is random by definition, if there is one: two runs of a correct engine
// differ, so that outputs can be compared by type and shape only.
std::optional<std::string> random_node(const graph::Graph& graph, const Tensors& inputs);

}  // namespace mini_infer::cli
