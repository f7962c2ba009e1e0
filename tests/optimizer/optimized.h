#pragma once

#include <optional>
#include <string>
#include <vector>

#include "mini_infer/graph/graph.h"

namespace mini_infer::test {

using Passes = std::optional<std::vector<std::string>>;

// The graph after these passes (all of them without a list). Expects that it still has the same
// inputs and outputs, by name, type, shape and order, and computes the same numbers.
graph::Graph optimized(const graph::Graph& graph, const Passes& passes = std::nullopt);

// Only the nodes, one a line: without the lines for the graph, its inputs and what it returns.
std::string nodes_text(const graph::Graph& graph);
// The operators in order: "Conv mini_infer.MaxPool".
std::string op_list(const graph::Graph& graph);

// The bytes that the Transposes of the graph really move.
std::int64_t transposed_bytes(const graph::Graph& graph);

}  // namespace mini_infer::test
