#include "planner/improve.h"

#include <algorithm>
#include <random>
#include <utility>

namespace mini_infer::planner {
namespace {

// At most some 20 ms, spent only on problems that resist.
constexpr int kPlacements = 1000;
constexpr std::int64_t kComparisons = 10'000'000;

bool live_together(const Buffer& a, const Buffer& b) {
  return a.first <= b.last && b.first <= a.last;
}

}  // namespace

void improve(const Problem& problem, std::int64_t bound, Order order, Placer& placer,
             Placement& best) {
  std::minstd_rand random(1);
  std::vector<std::size_t> earlier;  // positions
  Placement placement;
  const std::int64_t stop = placer.comparisons() + kComparisons;
  for (int i = 0; i < kPlacements && best.height > bound && placer.comparisons() < stop; ++i) {
    const std::size_t failed = placer.place(order, Fit::kLowest, best.height - 1, placement);
    if (failed == order.size()) {
      std::swap(best, placement);
      continue;
    }
    earlier.clear();
    for (std::size_t position = 0; position < failed; ++position) {
      if (live_together(problem.buffers[order[position]], problem.buffers[order[failed]])) {
        earlier.push_back(position);
      }
    }
    // Only where it ends too high above fixed ones is there nobody before it.
    const std::size_t to = earlier.empty() ? 0 : earlier[random() % earlier.size()];
    std::rotate(order.begin() + to, order.begin() + failed, order.begin() + failed + 1);
  }
}

}  // namespace mini_infer::planner
