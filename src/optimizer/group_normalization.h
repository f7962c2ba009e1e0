#pragma once

#include "optimizer/rewrite.h"

namespace mini_infer::optimizer {

// Makes one GroupNormalization of an InstanceNormalization that sees groups of channels as
// channels, between two views, and of the scales and shifts per channel that follow: PyTorch's way.
void fuse_group_normalization(Rewriter& rewriter, graph::NodeId instance_normalization);

}  // namespace mini_infer::optimizer
