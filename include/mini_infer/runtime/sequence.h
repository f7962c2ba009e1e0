#pragma once

#include <memory>
#include <span>
#include <string>

#include "mini_infer/core/export.h"
#include "mini_infer/core/status.h"
#include "mini_infer/graph/graph.h"

namespace mini_infer::runtime {

// A model that runs as one stage of several.
struct Stage {
  std::string name;  // distinct; put before the names of its inputs, outputs and nodes: "name/x"
  const graph::Graph* graph = nullptr;
};

// An output of one stage that is an input of a later one.
struct HandOff {
  std::size_t from = 0;  // stages, counted from 0
  std::string output;    // as the stage's graph names it
  std::size_t to = 0;    // > from
  std::string input;
  bool keep = false;  // it is an output of the whole, too
};

// One graph that runs the stages in sequence: its plan is one timeline for all of them, in which
// what is handed on is a tensor like any other, copied nowhere, and each stage takes the bytes that
// those before it no longer need. Inputs of the whole are those that nothing is handed to, outputs
// those that are not handed on, in the order of the stages. Where the data allow it, a step may run
// before the last one of an earlier stage. Constants are shared with the stages' graphs.
//
// Shapes of inputs that nothing is handed to must be bound; those of the others are what is handed
// to them, and bind the stage's symbols.
//
// ERROR_INVALID_ARGUMENT names the stage or the hand-off and what was expected: names that are not
// there, types or shapes that differ, a stage handed to itself or an earlier one, an input handed
// to twice. ERROR_UNSUPPORTED: a stage with subgraphs. Else what is wrong with a stage's graph.
MINI_INFER_API core::Result<std::shared_ptr<graph::Graph>> join_in_sequence(
    std::span<const Stage> stages, std::span<const HandOff> hand_offs);

}  // namespace mini_infer::runtime
