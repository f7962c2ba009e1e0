#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "mini_infer/core/export.h"
#include "mini_infer/core/status.h"
#include "mini_infer/core/types.h"
#include "mini_infer/graph/graph.h"
#include "mini_infer/planner/problem.h"

namespace mini_infer::judge {
struct Statement;
}

// What a memory plan says. Plain values; sizes and offsets in bytes; a step is the execution of one
// node, counted from 0 in the plan's order.
namespace mini_infer::runtime {

// How it is known that nothing smaller exists: kNone, kByBound, kBySearch.
using planner::Proof;

// A value that lies inside a storage and is not all of it: in rows (runs along its last axis), one
// every `pitch_bytes`; a single run where that is 0.
struct WindowPlacement {
  graph::ValueId value = graph::kNoValue;
  std::size_t offset_bytes = 0;  // from the storage's start, a multiple of 16
  std::size_t row_bytes = 0;
  std::size_t pitch_bytes = 0;  // a multiple of 16
};

// One storage: the bytes of a tensor, and of everything that shares them (views, in-place results,
// windows).
struct TensorPlacement {
  enum class Kind { kTensor, kWorkspace, kScratch };
  Kind kind = Kind::kTensor;
  std::string name;                           // of the first value written there
  std::vector<graph::ValueId> values;         // the values held, in the order they come to be
  std::vector<WindowPlacement> windows = {};  // of those, what lies inside
  std::size_t offset = 0;                     // from the pool's start, a multiple of the alignment
  std::size_t size_bytes = 0;  // of the largest value; the pool reserves it rounded up
  int first_step = 0;
  int last_step = 0;  // inclusive; outputs live to the last step of all
};

struct MemoryPool {
  std::string name;  // "activations"
  std::size_t size_bytes = 0;
  std::size_t alignment = 0;
  std::vector<TensorPlacement> tensors;
};

struct PlanStep {
  graph::NodeId node = graph::kNoNode;
  std::string name;            // the node's
  std::string op;              // "Conv", or "mini_infer.Conv" for what the optimiser made
  std::size_t live_bytes = 0;  // reserved by what is alive at this step
  // The largest free run inside the pool at this step: what its kernel may use as a workspace.
  std::size_t hole_bytes = 0;
  std::size_t hole_offset = 0;  // a multiple of the alignment
  // Of an engine's plan: how the step is computed (empty: in the only way there is), the bytes of
  // the hole that its fastest way would take, and those that this one takes.
  std::string kernel = "";
  std::size_t workspace_wanted = 0;
  std::size_t workspace_taken = 0;
  // Whether the CPU computes it in a device's stead (CudaConfig::cpu_fallback), and how many bytes
  // are copied to the host and back for it in each run.
  bool on_cpu = false;
  std::size_t copied_bytes = 0;
};

// A value of the optimised graph that has bytes while the plan runs.
struct PlanValue {
  graph::ValueId value = graph::kNoValue;  // as placements name it
  std::string name;
  core::DataType type = core::DataType::kFloat32;
  core::Shape shape;
  int producer = -1;         // the step that makes it; -1: it is an input of the model
  std::vector<int> readers;  // the steps that have it as an input, ascending
  bool is_output = false;    // of the model
};

// A Slice, Split or Concat that copies less, or nothing, because tensors lie inside others.
struct PlanWindow {
  graph::NodeId node = graph::kNoNode;
  std::string name;                // the node's
  std::string op;                  // "Concat"
  std::size_t tensors = 0;         // that lie inside another, of those it copies otherwise
  std::size_t copied_tensors = 0;  // the others
  std::size_t saved_bytes = 0;     // of those inside: not reserved twice while it runs, not copied
};

struct MemoryPlan {
  // Why there is no plan; SUCCESS when there is. On failure everything below is empty.
  core::Status status;
  // The activations pool. Weights are apart, see weights_bytes.
  std::vector<MemoryPool> pools;
  // Inputs and outputs in the caller's buffers, with what shares them: no bytes of any pool.
  std::vector<TensorPlacement> bound;
  std::vector<PlanStep> steps;
  std::vector<PlanValue> values;  // by their ids, ascending
  std::string model_name;         // what the model's file calls it; may be empty
  bool keeps_inputs = false;      // staged inputs still own their bytes after the last step

  std::size_t total_memory = 0;     // the activations pool as planned
  std::size_t original_memory = 0;  // the same graph with no storage shared, workspaces included
  float memory_saving_ratio = 0;    // 1 - total_memory / original_memory
  std::size_t weights_bytes = 0;    // constants that kernels read, deduplicated, each aligned
  // Of steps that the CPU computes in a device's stead, in the host's memory: the block that they
  // use one after the other, for each context, and their constants.
  std::size_t fallback_bytes = 0;
  std::size_t fallback_weights_bytes = 0;
  // Of a plan with kernels (Engine::plan, Engine::memory_plan); empty and 0 of one without: the
  // instruction set or the GPU whose forms weights_bytes counts; the pinned host memory of one
  // context, fallback_bytes included; and the host's memory besides the pools that building takes
  // at once, at most.
  std::string weights_for;
  std::size_t staging_bytes = 0;
  std::size_t build_bytes = 0;

  std::size_t lower_bound = 0;         // no placement for this order and alias set can be lower
  int peak_step = 0;                   // the first step whose live bytes are lower_bound
  Proof offsets_proof = Proof::kNone;  // of total_memory, for this order and alias set
  Proof order_proof = Proof::kNone;    // of lower_bound, over all orders and in-place choices
  std::size_t order_bound = 0;         // no order needs less, whatever it does in place
  // In the order of the steps. The bounds are for these windows.
  std::vector<PlanWindow> windows;
  // What lower_bound would have been without them, by the best order found; the same if there are
  // none.
  std::size_t bound_without_windows = 0;
  // From schedule to judges, without the optimiser; a measurement, no part of the plan's identity.
  double planning_milliseconds = 0;
  std::string plan_hash;  // 16 hex digits over order, aliases, windows, lifetimes and offsets
  // All that its judges were told: what report::certificate_to_json writes.
  std::shared_ptr<const judge::Statement> statement;
  // The same over the kernels of an engine's steps and its packed weights; no part of plan_hash.
  std::string kernels_hash;

  // All that an engine with one context takes while it is built.
  std::size_t total_bytes() const {
    return total_memory + weights_bytes + fallback_weights_bytes + staging_bytes + build_bytes;
  }
  bool proven_offsets() const { return offsets_proof != Proof::kNone; }
  bool proven_order() const { return order_proof != Proof::kNone; }
};

}  // namespace mini_infer::runtime
