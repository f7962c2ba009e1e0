#pragma once

#include <cstdint>
#include <vector>

#include "ops/node_view.h"

namespace mini_infer::ops {

// An axis of the first output, and how far each input goes from one of its indices to the next, in
// elements: 0 where the input repeats.
struct BroadcastAxis {
  std::int64_t extent = 1;
  std::vector<std::int64_t> strides;  // by input
};

// The axes of the first output that have more than one index, innermost first. Neighbours that
// every input crosses in one stride are merged.
std::vector<BroadcastAxis> broadcast_axes(const NodeView& view);

}  // namespace mini_infer::ops
