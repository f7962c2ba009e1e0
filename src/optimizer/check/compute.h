#pragma once

#include <span>
#include <vector>

#include "mini_infer/core/status.h"
#include "mini_infer/core/tensor.h"
#include "mini_infer/graph/graph.h"
#include "ops/infer.h"

namespace mini_infer::optimizer {

struct Computed {
  std::vector<core::Tensor> outputs;  // one per graph output, in order
  double largest = 0;                 // the largest finite float that any node computed
};

// Computes an inferred graph node by node, from one tensor per graph input. Only nodes that an
// output needs are run, and a value is let go after its last reader. The first node that fails ends
// the run with its error.
[[nodiscard]] core::Result<Computed> compute(graph::Graph graph,
                                             std::span<const core::Tensor> inputs,
                                             const ops::Evaluator& evaluate);

}  // namespace mini_infer::optimizer
