#pragma once

#include <cstdint>

namespace mini_infer::ops {

// Keys in [first, last).
struct KeyRange {
  std::int64_t first = 0;
  std::int64_t last = 0;
};

}  // namespace mini_infer::ops
