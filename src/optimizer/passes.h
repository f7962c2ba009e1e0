#pragma once

#include "mini_infer/core/status.h"
#include "mini_infer/graph/graph.h"

// One function per pass, one file per function. A pass expects an inferred graph and may leave dead
// nodes behind; the driver infers, folds, cleans and verifies after it.
namespace mini_infer::optimizer {

// Always run: they leave a graph whose every node is needed and computes something unknown.
[[nodiscard]] core::Status fold_constants(graph::Graph& graph);
[[nodiscard]] core::Status drop_dead(graph::Graph& graph);

// Switchable.
[[nodiscard]] core::Status remove_identity(graph::Graph& graph);
[[nodiscard]] core::Status merge_pad(graph::Graph& graph);
[[nodiscard]] core::Status fuse_activation(graph::Graph& graph);
[[nodiscard]] core::Status fuse_normalization(graph::Graph& graph);
[[nodiscard]] core::Status fold_batch_norm(graph::Graph& graph);
[[nodiscard]] core::Status fuse_rotary(graph::Graph& graph);
[[nodiscard]] core::Status fuse_attention(graph::Graph& graph);
[[nodiscard]] core::Status absorb_transposes(graph::Graph& graph);
[[nodiscard]] core::Status fuse_epilogue(graph::Graph& graph);
[[nodiscard]] core::Status fuse_residual(graph::Graph& graph);
[[nodiscard]] core::Status fuse_scale(graph::Graph& graph);
[[nodiscard]] core::Status pack_projections(graph::Graph& graph);
[[nodiscard]] core::Status choose_layout(graph::Graph& graph);

// Run last, when they are asked for (core::Precision).
[[nodiscard]] core::Status to_float16(graph::Graph& graph);
[[nodiscard]] core::Status to_bfloat16(graph::Graph& graph);

}  // namespace mini_infer::optimizer
