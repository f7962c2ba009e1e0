#pragma once

#include "mini_infer/core/status.h"
#include "mini_infer/graph/graph.h"

// One function per pass, one file per function. A pass expects an inferred graph and may leave dead
// nodes behind; the driver infers, folds, cleans and verifies after it.
namespace mini_infer::optimizer {

// Always run: they leave a graph whose every node is needed and computes something unknown.
core::Status fold_constants(graph::Graph& graph);
core::Status drop_dead(graph::Graph& graph);

// Switchable.
core::Status remove_identity(graph::Graph& graph);
core::Status merge_pad(graph::Graph& graph);
core::Status fuse_activation(graph::Graph& graph);
core::Status fuse_normalization(graph::Graph& graph);
core::Status fold_batch_norm(graph::Graph& graph);
core::Status fuse_rotary(graph::Graph& graph);
core::Status fuse_attention(graph::Graph& graph);
core::Status absorb_transposes(graph::Graph& graph);
core::Status fuse_epilogue(graph::Graph& graph);
core::Status fuse_residual(graph::Graph& graph);
core::Status fuse_scale(graph::Graph& graph);
core::Status pack_projections(graph::Graph& graph);
core::Status choose_layout(graph::Graph& graph);

// Run last, when they are asked for (core::Precision).
core::Status to_float16(graph::Graph& graph);
core::Status to_bfloat16(graph::Graph& graph);

}  // namespace mini_infer::optimizer
