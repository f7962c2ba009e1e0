#pragma once

#include <vector>

#include "optimizer/check/compare.h"
#include "optimizer/optimizer.h"

namespace mini_infer::optimizer {

struct Pass {
  PassInfo info;
  core::Status (*run)(graph::Graph&) = nullptr;
  Numbers numbers = {};
};

// Every pass there is, also those that no list switches: the two that always run, and those that
// store float32 as something else.
std::vector<Pass> all_passes();

// Runs the pass and leaves the graph inferred, without constant or dead nodes, verified, its inputs
// and outputs as they were. A pass that breaks this is our mistake: ERROR_INTERNAL names it.
core::Result<PassReport> run_pass(const Pass& pass, graph::Graph& graph,
                                  const ops::Evaluator& evaluate);

}  // namespace mini_infer::optimizer
