#pragma once

#include <cstddef>
#include <vector>

#include "mini_infer/core/status.h"
#include "mini_infer/graph/graph.h"
#include "schedule/schedule.h"

namespace mini_infer::runtime {

// Bytes needed from one step to another: a value, with the values that share them.
struct Storage {
  std::vector<graph::ValueId> values;  // in the order they come to be
  std::size_t size_bytes = 0;          // exact; alignment is the planner's
  int first_step = 0;
  int last_step = 0;          // inclusive
  bool holds_input = false;   // of the graph
  bool holds_output = false;  // of the graph
};

struct Liveness {
  int steps = 1;  // at least one, so that a graph without nodes has a moment to live in
  std::vector<Storage> storages;
  std::vector<int> storage_of;  // by ValueId; -1 for constants and values nobody makes
};

// When each storage is needed. Graph inputs live from step 0 (they are filled before it), graph
// outputs to the last step; a result nobody reads lives at its own step; the outputs of one node
// live together. Constants have no lifetime here: they are weights.
class LivenessAnalyzer {
 public:
  // keep_inputs: graph inputs live to the last step.
  explicit LivenessAnalyzer(bool keep_inputs = false) : keep_inputs_(keep_inputs) {}

  Liveness analyze(const graph::Graph& graph, const schedule::Schedule& schedule) const;

 private:
  bool keep_inputs_;
};

}  // namespace mini_infer::runtime
