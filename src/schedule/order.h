#pragma once

#include <cstdint>
#include <vector>

#include "schedule/problem.h"

namespace mini_infer::schedule {

struct Order {
  std::vector<int> steps;
  std::int64_t peak = 0;  // bytes: the largest footprint of a step, inputs at the start, or outputs
  // No order needs less, whatever it overwrites: the first says the problem itself, the other a
  // search that has refuted every smaller peak.
  std::int64_t bound_by_problem = 0;
  std::int64_t bound_by_search = 0;
};

// The order with the least peak over all orders and all choices of overwrites. The numbered order
// stays, segment by segment, where it is as good. After `work` steps looked at and run, the order
// is the best one met so far; the same on every machine.
Order least_peak_order(const Problem& problem, std::int64_t work);

// Bytes that every order needs: Order::bound_by_problem.
std::int64_t bound_of_any_order(const Problem& problem);

}  // namespace mini_infer::schedule
