#pragma once

#include <cstdint>
#include <vector>

#include "mini_infer/core/types.h"

namespace mini_infer::ops {

// Elements of one tensor copied to places of another: extents, and what a step along each costs on
// either side, in elements.
struct StridedCopy {
  struct Axis {
    std::int64_t extent;
    std::int64_t from;
    std::int64_t to;
  };
  std::vector<Axis> axes;  // outermost first; none copies a single element
  std::int64_t from_start = 0;
  std::int64_t to_start = 0;
};

// Every element of `extents` (at least one), by the strides of either side.
StridedCopy strided_copy(const core::Shape& extents, const std::vector<std::int64_t>& from,
                         const std::vector<std::int64_t>& to);

// The same copy in as few axes as can tell it: axes of one element are dropped, and neighbours that
// both sides pass at one pace are joined. At most 62 axes are left, whatever the rank was.
StridedCopy collapse(const StridedCopy& copy);

// Whether a collapsed copy takes `elements` neighbours, from the first on, to the same places.
bool keeps_order(const StridedCopy& copy, std::int64_t elements);

}  // namespace mini_infer::ops
