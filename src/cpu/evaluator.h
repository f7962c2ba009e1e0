#pragma once

#include "mini_infer/core/export.h"
#include "ops/infer.h"

namespace mini_infer::cpu {

// Runs one node on host tensors with the CPU kernels: what constants are folded with, on every
// device.
MINI_INFER_API core::Result<std::vector<core::Tensor>> evaluate(const graph::Graph& graph,
                                                                graph::NodeId id);

}  // namespace mini_infer::cpu
