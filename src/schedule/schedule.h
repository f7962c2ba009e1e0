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
  // Results of Slice and Split that lie in their input, inputs of Concat that lie in its output.
  bool slice_windows = true;
  bool split_windows = true;
  bool concat_windows = true;
  std::size_t alignment = 1;  // bytes; what a content reserves is a multiple of it
  // Steps looked at and run before the search for an order gives up; with the default, a third of a
  // second.
  std::int64_t work = 6'000'000;
};

// What a value takes its bytes from.
struct AliasChoice {
  ops::AliasKind kind = ops::AliasKind::kNone;
  graph::ValueId source = graph::kNoValue;
  // Of a window: where it begins in the source (ops::TensorWindow).
  std::int64_t row = 0;
  std::int64_t column = 0;

  bool is_window() const {
    return kind == ops::AliasKind::kWindowOfInput || kind == ops::AliasKind::kWindowOfOutput;
  }
};

struct Schedule {
  std::vector<graph::NodeId> order;
  std::vector<AliasChoice> alias;  // by ValueId
  // The peak of live bytes, scratch apart: of the order, and of the best one that was found without
  // windows.
  std::int64_t peak = 0;
  std::int64_t peak_without_windows = 0;
  // Bytes live at once at least, in every order and with every choice of overwrites: by the graph
  // alone, and after a search that refuted all that is lower (0 without `reorder`). Scratch apart.
  std::int64_t bound_by_graph = 0;
  std::int64_t bound_by_search = 0;
};

// The order whose peak of live bytes is the least, over all orders and overwrites together; views
// wherever an operator makes one (they never cost); windows of all nodes together, but for those
// that would raise the peak or that 64 trials do not reach; overwrites wherever a node is the last
// reader of a content. The bounds are for these windows. The stable topological sort's order stays
// where it is as good. Shapes must be known. Deterministic; the search is bounded by counted work
// (order.h).
core::Result<Schedule> schedule(const graph::Graph& graph, const ScheduleOptions& options);

}  // namespace mini_infer::schedule
