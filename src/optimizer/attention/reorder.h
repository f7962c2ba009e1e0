#pragma once

#include "optimizer/rewrite.h"

namespace mini_infer::optimizer {

// Drops Transposes of tokens and samples before the projections that a mini_infer.Attention reads,
// and after the one that reads it: the attention's strides do their work.
[[nodiscard]] core::Status drop_reorderings(Rewriter& rewriter, graph::NodeId attention);

}  // namespace mini_infer::optimizer
