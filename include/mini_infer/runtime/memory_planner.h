#pragma once

#include <cstddef>

#include "mini_infer/core/export.h"
#include "mini_infer/core/log.h"
#include "mini_infer/core/status.h"
#include "mini_infer/graph/graph.h"
#include "mini_infer/runtime/memory_plan.h"
#include "mini_infer/runtime/planning_options.h"

namespace mini_infer::runtime {

// Plans memory without a device: runs the engine's own pipeline on a copy of a graph and yields the
// plan an engine of the same options would use, hash included. Cheap to make; one thread at a time.
class MINI_INFER_API MemoryPlanner {
 public:
  explicit MemoryPlanner(PlanningOptions options = {}) : options_(std::move(options)) {}

  // Off: plan() gives every storage bytes of its own (views still share), to compare with.
  void set_enabled(bool enabled) { options_.share_memory = enabled; }
  // On: plan() logs a line per tensor at the info level.
  void set_verbose(bool verbose) { verbose_ = verbose; }
  // A power of two from 16 to 256; anything else is refused and changes nothing.
  core::Status set_alignment(std::size_t bytes);

  // The shapes of all graph inputs must be bound. On failure `pools` is empty and `status` says
  // why.
  MemoryPlan plan(const graph::Graph* graph) const;

 private:
  PlanningOptions options_;
  bool verbose_ = false;
};

}  // namespace mini_infer::runtime
