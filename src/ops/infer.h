#pragma once

#include <functional>
#include <string>
#include <vector>

#include "mini_infer/core/export.h"
#include "mini_infer/core/status.h"
#include "mini_infer/core/tensor.h"
#include "mini_infer/graph/graph.h"

namespace mini_infer::ops {

// Computes the outputs of a node whose inputs are all constant (or, for Shape and Size, known by
// shape), one tensor per output slot. The runtime gives the CPU kernels as evaluator.
using Evaluator =
    std::function<core::Result<std::vector<core::Tensor>>(const graph::Graph&, graph::NodeId)>;

// Gives every value its type and shape, in topological order, and every value that is computed from
// constants its bytes (so that Shape → Gather → Concat → Reshape chains are resolved). Idempotent.
// An unbound input extent, an unknown operator or a shape that cannot be known is an error that
// names the input or node; nothing is ever given a default size. What the model states wrongly
// about an output is a warning (declared_shape.h).
[[nodiscard]] MINI_INFER_API core::Status infer(graph::Graph& graph, const Evaluator& evaluate);

// The graph inputs whose values decide shapes: those a value input of some node depends on.
std::vector<std::string> shape_deciding_inputs(const graph::Graph& graph);

}  // namespace mini_infer::ops
