#include "runtime/plan_hash.h"

#include <cstdint>

#include "core/fnv1a.h"

namespace mini_infer::runtime {
namespace {

using core::Fnv1a;

void add_placement(Fnv1a& hash, const TensorPlacement& tensor) {
  hash.add(static_cast<std::uint64_t>(tensor.kind));
  hash.add(tensor.values.size());
  for (graph::ValueId value : tensor.values) hash.add(static_cast<std::uint64_t>(value));
  for (const WindowPlacement& window : tensor.windows) {
    hash.add(static_cast<std::uint64_t>(window.value));
    hash.add(window.offset_bytes);
    hash.add(window.pitch_bytes);
  }
  hash.add(tensor.offset);
  hash.add(tensor.size_bytes);
  hash.add(static_cast<std::uint64_t>(tensor.first_step));
  hash.add(static_cast<std::uint64_t>(tensor.last_step));
}

}  // namespace

std::string plan_hash(const MemoryPlan& plan, const schedule::Schedule& schedule) {
  Fnv1a hash;
  hash.add(schedule.order.size());
  for (graph::NodeId node : schedule.order) hash.add(static_cast<std::uint64_t>(node));
  for (const schedule::AliasChoice& alias : schedule.alias) {
    hash.add(static_cast<std::uint64_t>(alias.kind));
    hash.add(static_cast<std::uint64_t>(alias.source));
  }
  for (const MemoryPool& pool : plan.pools) {
    hash.add(pool.size_bytes);
    hash.add(pool.alignment);
    for (const TensorPlacement& tensor : pool.tensors) add_placement(hash, tensor);
  }
  for (const TensorPlacement& tensor : plan.bound) add_placement(hash, tensor);
  return hash.hex();
}

std::string kernels_hash(const MemoryPlan& plan) {
  Fnv1a hash;
  for (const PlanStep& step : plan.steps) {
    hash.add(step.kernel);
    hash.add(step.workspace_taken);
  }
  hash.add(plan.weights_for);
  hash.add(plan.weights_bytes);
  return hash.hex();
}

}  // namespace mini_infer::runtime
