#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "mini_infer/core/tensor.h"
#include "mini_infer/graph/graph.h"

namespace mini_infer::test {

// A small valid graph with views, in-place candidates, nodes of several outputs, constants,
// broadcasting, convolutions and outputs that are read, repeated, inputs or constants. The same
// seed gives the same graph everywhere.
struct RandomGraph {
  std::shared_ptr<graph::Graph> graph;
  std::vector<core::Tensor> inputs;  // one for each graph input
};

RandomGraph random_graph(std::uint32_t seed);

}  // namespace mini_infer::test
