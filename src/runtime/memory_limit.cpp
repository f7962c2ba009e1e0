#include "runtime/memory_limit.h"

#include <algorithm>
#include <string>

#include "runtime/plan_facts.h"

namespace mini_infer::runtime {
namespace {

using core::Status;
using std::to_string;

constexpr std::size_t kNamed = 5;  // tensors in a message

std::string verdict(const MemoryPlan& plan) {
  const bool proven = plan.proven_order() && plan.total_memory == plan.order_bound;
  if (proven) return "no plan of this graph needs less";
  return "not proven; no plan needs less than " + to_string(plan.order_bound);
}

std::string largest_at_the_peak(const MemoryPlan& plan) {
  const auto live = live_at(plan, plan.peak_step);
  std::string text;
  for (std::size_t i = 0; i < std::min(live.size(), kNamed); ++i) {
    text += (i == 0 ? "'" : ", '") + live[i]->name + "' " + to_string(live[i]->size_bytes);
  }
  if (live.size() > kNamed) text += " and " + to_string(live.size() - kNamed) + " more";
  return text;
}

}  // namespace

bool may_be_lowered(const MemoryPlan& plan, std::size_t limit) {
  return plan.total_memory > limit && plan.order_bound <= limit;
}

Status check_arena_limit(const MemoryPlan& plan, std::size_t limit) {
  if (plan.total_memory <= limit) return Status::SUCCESS;
  std::string message = "the activations need " + to_string(plan.total_memory) + " bytes (" +
                        verdict(plan) + "), " + to_string(plan.total_memory - limit) +
                        " more than the arena limit of " + to_string(limit);
  if (!plan.steps.empty()) {
    const PlanStep& step = plan.steps[static_cast<std::size_t>(plan.peak_step)];
    message += "; most are needed at step " + to_string(plan.peak_step) + ", '" + step.name +
               "' (" + step.op + "), where these are alive (bytes): " + largest_at_the_peak(plan);
  }
  return {Status::ERROR_OVER_BUDGET, message + ". Smaller inputs or a higher limit would help"};
}

}  // namespace mini_infer::runtime
