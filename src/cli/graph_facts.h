#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "mini_infer/graph/graph.h"
#include "report/json.h"

namespace mini_infer::cli {

// How often each operator is there, by name ("Conv", "mini_infer.Conv").
std::map<std::string, int> operator_counts(const graph::Graph& graph);

// "7 nodes: 2 Conv, 3 Gemm, 2 MaxPool", most frequent first.
std::string operators_text(const graph::Graph& graph);

struct ConstantCount {
  int tensors = 0;
  std::size_t elements = 0;
  std::size_t bytes = 0;
};

// The tensors that the graph brings along; not inputs whose value was given.
ConstantCount count_constants(const graph::Graph& graph);

// {name, type, shape} of each; an extent is a number, a symbol's name, or null.
report::Json values_json(const graph::Graph& graph, const std::vector<graph::ValueId>& ids);

// {name, op, domain, opset, inputs, outputs} of each node; inputs by name, null where left out.
report::Json nodes_json(const graph::Graph& graph);

}  // namespace mini_infer::cli
