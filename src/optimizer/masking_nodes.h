#pragma once

#include <set>

#include "optimizer/rewrite.h"

namespace mini_infer::optimizer {

// The nodes that only make masks, or add them to scores: numbers such as -3.4e38, which hide a
// score in float32 and are infinite in 16 bits. They must stay in float32.
std::set<graph::NodeId> masking_nodes(const Rewriter& rewriter);

// Whether the slot reads a mask, which every kernel takes in float32 beside inputs of 16 bits.
bool reads_mask(const graph::Node& node, std::size_t slot);

}  // namespace mini_infer::optimizer
