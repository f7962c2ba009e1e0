#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "mini_infer/core/types.h"

namespace mini_infer::runtime {

// Whose tensors may lie inside another one, so that nothing is copied: outputs of Slice and Split
// in their input, inputs of Concat in its output.
struct WindowKinds {
  bool slice = true;
  bool split = true;
  bool concat = true;
};

// Everything that decides a plan, and nothing that does not.
struct PlanningOptions {
  bool share_memory = true;     // false: every storage has bytes of its own
  bool reorder = true;          // false: nodes keep the order of the graph's stable sort
  WindowKinds windows = {};     // taken where they do not raise the peak; none without share_memory
  std::size_t alignment = 256;  // bytes; a power of two from 16 to 256
  bool stage_inputs = true;     // inputs have bytes in the arena; false: the caller's buffers
  bool stage_outputs = true;    // outputs likewise
  bool keep_inputs = false;     // staged inputs outlive a run, instead of being consumed by it
  // Bytes that the activations may take at most. Where the first plan needs more, the planner
  // searches longer; where that does not help, ERROR_OVER_BUDGET says how many bytes are missing,
  // and what is alive at the peak. nullopt: any number. No part of the plan's identity.
  std::optional<std::size_t> arena_limit = std::nullopt;
  std::optional<std::size_t> memory_limit = std::nullopt;  // its former name, where it is not given
  // Bytes that every step can use as workspace at least, in a block that lives as long as the run,
  // up to 2^40; 0: no such block. The gap of a step adds workspace at no cost. More lets a GPU's
  // libraries take faster algorithms.
  std::size_t workspace_bytes = 0;
  core::Precision precision = core::Precision::kFloat32;
  // Optimiser passes to run; nullopt for all. Constants are folded in any case.
  std::optional<std::vector<std::string>> passes;
  // Compute the graph on the CPU before and after each optimiser pass, on several made-up sets of
  // inputs, and fail with ERROR_INTERNAL, which names the pass, where one changed a number by more
  // than it may. ERROR_UNSUPPORTED where the CPU has no kernel for a node. Changes no plan.
  // Slow: some runs of the model for each pass; for tests.
  bool check_passes = false;
};

}  // namespace mini_infer::runtime
