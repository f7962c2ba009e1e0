#pragma once

#include <vector>

#include "mini_infer/core/status.h"
#include "mini_infer/graph/graph.h"
#include "ops/op_def.h"

// In which order nodes run, and which values share bytes because of it: one problem, one function.
namespace mini_infer::schedule {

struct ScheduleOptions {
  bool overwrite = true;      // results may take the bytes of an input read for the last time
  bool stage_inputs = true;   // false: inputs are the caller's memory, never written
  bool stage_outputs = true;  // false: outputs are the caller's memory, one storage each
  bool keep_inputs = false;   // staged inputs are never overwritten
};

// What a value takes its bytes from.
struct AliasChoice {
  ops::AliasKind kind = ops::AliasKind::kNone;
  graph::ValueId source = graph::kNoValue;
};

struct Schedule {
  std::vector<graph::NodeId> order;
  std::vector<AliasChoice> alias;  // by ValueId
};

// The stable topological order, views wherever an operator makes one, and overwrites wherever the
// node is the last reader of the storage in that order. Shapes must be known.
core::Result<Schedule> schedule(const graph::Graph& graph, const ScheduleOptions& options);

}  // namespace mini_infer::schedule
