#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "planner/sections.h"

namespace mini_infer::planner {

// What is known of the least height of a part, bytes.
struct Heights {
  std::int64_t least = 0;  // nothing lower exists
  std::int64_t found = 0;  // by the offsets at hand
};

// What a search may still spend.
struct Budget {
  std::int64_t nodes = 0;
  std::function<bool()> stop;  // asked now and then
  std::uint32_t seed = 0;      // searches with different ones look elsewhere first
};

// Closes in on the least height from both sides, until they meet, `found` is at most `enough`, or
// the budget is used up: a search at the lower end, where most problems have their answer, then at
// capacities in between; what was given up is tried again for twice as long. Writes better offsets,
// by item, into `offsets`. Deterministic, unless `stop` is not.
void minimize(const Sections& part, std::int64_t enough, Budget& budget, Heights& heights,
              std::vector<std::int64_t>& offsets);

}  // namespace mini_infer::planner
