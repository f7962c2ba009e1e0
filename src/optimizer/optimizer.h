#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mini_infer/core/export.h"
#include "mini_infer/core/status.h"
#include "mini_infer/graph/graph.h"
#include "ops/infer.h"

namespace mini_infer::optimizer {

struct PassReport {
  std::string name;
  int nodes_before = 0;
  int nodes_after = 0;
  double milliseconds = 0;
};

struct Options {
  // The passes to run, in the optimiser's own order; nullopt runs all. Constants are folded and
  // dead nodes dropped in any case: without them shapes are not known.
  std::optional<std::vector<std::string>> passes;
  // What float32 tensors are stored as in the end, after all passes.
  core::Precision precision = core::Precision::kFloat32;
  // Compute the graph before and after each pass, on several sets of inputs, and fail where a pass
  // changed a number by more than it may (PassCheck). Slow: some runs of the graph for each pass.
  bool check_passes = false;
  // Called after each pass, for people who want to look.
  std::function<void(std::string_view pass, const graph::Graph&)> after_pass;
};

// The switchable passes, in the order they run, each with one line on what it does.
struct PassInfo {
  std::string_view name;
  std::string_view summary;
};
MINI_INFER_API std::vector<PassInfo> passes();

// Infers shapes, then runs the passes; after each, the graph is inferred, cleaned and verified
// again. Graph inputs and outputs keep their names, types, shapes and order; a value that is a
// graph output is never fused away. ERROR_INVALID_ARGUMENT for a pass that does not exist,
// ERROR_INTERNAL for one that breaks the graph or, with check_passes, its numbers;
// ERROR_UNSUPPORTED where check_passes meets a node that `evaluate` has no kernel for.
MINI_INFER_API core::Result<std::vector<PassReport>> optimize(graph::Graph& graph,
                                                              const Options& options,
                                                              const ops::Evaluator& evaluate);

}  // namespace mini_infer::optimizer
