#pragma once

#include <cstdint>
#include <vector>

#include "mini_infer/planner/problem.h"

namespace mini_infer::planner {

struct Hole {
  std::int64_t offset = 0;  // bytes; a multiple of the alignment of the buffer below it
  std::int64_t size = 0;    // bytes; 0 when every byte is taken
};

// The largest free range inside [0, height) at each of the `steps` first steps, the lowest of
// equals; buffers may end before the last of them. Assumes a solution that check() accepts. O(n log
// n + steps).
std::vector<Hole> holes(const Problem& problem, const Solution& solution, std::size_t steps);

}  // namespace mini_infer::planner
