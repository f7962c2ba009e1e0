#pragma once

#include <cstdint>
#include <random>
#include <vector>

#include "planner/fit_search.h"

namespace mini_infer::planner {

// One guide after the other for a search that starts anew: no single one is good for all problems.
// First each of a few rules as it is, then with some noise, and some for longer: 1 1 2 1 1 2 4 ...
// (Luby, Sinclair, Zuckerman, "Optimal speedup of Las Vegas algorithms", 1993). Deterministic.
class Guides {
 public:
  explicit Guides(const Sections& sections, std::uint32_t seed = 0);

  struct Next {
    Guide guide;
    std::int64_t length;  // how long to search with it, in units
  };
  Next next();

 private:
  std::vector<std::vector<double>> priorities_;  // each by item
  std::size_t made_ = 0;
  std::uint32_t luby_ = 1, length_ = 1;  // Knuth, TAOCP 4, 7.2.2.2, "reluctant doubling"
  std::mt19937_64 random_;               // the same everywhere, as the standard says
};

}  // namespace mini_infer::planner
