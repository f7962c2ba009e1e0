#pragma once

#include <cstdint>

#include "core/try.h"
#include "ops/functor.h"
#include "ops/node_view.h"

namespace mini_infer::ops {

struct Dropout {
  double ratio = 0;        // of the elements that are zeroed; 0 outside training
  std::uint64_t seed = 0;  // the node's, or 0: a run repeats itself either way

  // Whether element `index` stays: a hash of its place, so that any thread may ask in any order.
  MI_HD bool keeps(std::uint64_t index) const {
    std::uint64_t bits = (index + 1) * 0x9E3779B97F4A7C15u + seed;
    bits = (bits ^ (bits >> 30)) * 0xBF58476D1CE4E5B9u;
    bits = (bits ^ (bits >> 27)) * 0x94D049BB133111EBu;
    bits ^= bits >> 31;
    return static_cast<double>(bits >> 11) * 0x1p-53 >= ratio;
  }
};

// From the attributes and, since opset 12, the value inputs `ratio` and `training_mode`.
core::Result<Dropout> dropout_of(const NodeView& view);

}  // namespace mini_infer::ops
