#include "runtime/plan_facts.h"

#include <algorithm>
#include <tuple>

namespace mini_infer::runtime {

std::vector<const TensorPlacement*> live_at(const MemoryPlan& plan, int step) {
  std::vector<const TensorPlacement*> live;
  for (const MemoryPool& pool : plan.pools) {
    for (const TensorPlacement& tensor : pool.tensors) {
      if (tensor.first_step <= step && step <= tensor.last_step) live.push_back(&tensor);
    }
  }
  std::stable_sort(live.begin(), live.end(), [](const auto* a, const auto* b) {
    return std::tuple(b->size_bytes, a->offset) < std::tuple(a->size_bytes, b->offset);
  });
  return live;
}

double saving_ratio(const MemoryPlan& plan) {
  if (plan.original_memory == 0) return 0;
  return 1.0 - static_cast<double>(plan.total_memory) / static_cast<double>(plan.original_memory);
}

}  // namespace mini_infer::runtime
