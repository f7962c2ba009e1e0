#pragma once

#include <vector>

#include "ops/node_view.h"

namespace mini_infer::ops {

// One index of an Einsum, and how many elements a step along it skips in each input: 0 where the
// input does not have it, the sum over the axes where it has it more than once.
struct EinsumAxis {
  std::int64_t extent = 1;
  std::vector<std::int64_t> strides;  // one per input
};

struct EinsumGeometry {
  std::vector<EinsumAxis> output;  // outermost first
  std::vector<EinsumAxis> summed;

  core::Shape output_shape() const;
};

// From the attribute `equation`. Fails, quoting it, unless it fits the inputs.
core::Result<EinsumGeometry> einsum_geometry(const NodeView& view);

}  // namespace mini_infer::ops
