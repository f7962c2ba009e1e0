#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "mini_infer/core/status.h"
#include "mini_infer/graph/graph.h"
#include "ops/op_def.h"

// In which order nodes run, and which values share bytes because of it: one problem, one function.
namespace mini_infer::schedule {

struct ScheduleOptions {
  bool reorder = true;        // false: nodes run as the graph's stable topological sort has them
  bool overwrite = true;      // results may take the bytes of an input read for the last time
  bool stage_inputs = true;   // false: inputs are the caller's memory, never written
  bool stage_outputs = true;  // false: outputs are the caller's memory, one storage each
  bool keep_inputs = false;   // staged inputs are never overwritten
  std::size_t alignment = 1;  // bytes; what a content reserves is a multiple of it
  // Steps looked at and run before the search for an order gives up; with the default, a third of a
  // second.
  std::int64_t work = 6'000'000;
};

// What a value takes its bytes from.
struct AliasChoice {
  ops::AliasKind kind = ops::AliasKind::kNone;
  graph::ValueId source = graph::kNoValue;
};

struct Schedule {
  std::vector<graph::NodeId> order;
  std::vector<AliasChoice> alias;  // by ValueId
  // Bytes live at once at least, in every order and with every choice of overwrites: by the graph
  // alone, and after a search that refuted all that is lower (0 without `reorder`). Scratch apart.
  std::int64_t bound_by_graph = 0;
  std::int64_t bound_by_search = 0;
};

// The order whose peak of live bytes is the least, over all orders and overwrites together; views
// wherever an operator makes one (they never cost); overwrites wherever a node is the last reader
// of a content. The stable topological sort's order stays where it is as good. Shapes must be
// known. Deterministic; the search is bounded by counted work (order.h).
core::Result<Schedule> schedule(const graph::Graph& graph, const ScheduleOptions& options);

}  // namespace mini_infer::schedule
