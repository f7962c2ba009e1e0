#pragma once

#include <memory>
#include <string>
#include <vector>

#include "mini_infer/runtime/engine.h"
#include "ops/backend.h"
#include "runtime/arena.h"
#include "runtime/compile.h"

namespace mini_infer::runtime {

// A step made ready to run.
struct BoundStep {
  graph::NodeId node = graph::kNoNode;
  ops::Kernel kernel;
  std::string name;
  std::string op;
};

// Where a value's bytes are found when a context is made.
struct Location {
  enum class Space { kNone, kWeights, kArena, kBound };
  Space space = Space::kNone;
  std::size_t offset = 0;  // kWeights, kArena: bytes; kBound: index into MemoryPlan::bound
};

// What all contexts of an engine share. Immutable once the engine is built.
struct EngineState {
  EngineConfig config;
  Compiled compiled;
  std::shared_ptr<Arena> weights;
  std::vector<BoundStep> steps;
  std::vector<Location> locations;  // by ValueId
  std::vector<TensorInfo> inputs;
  std::vector<TensorInfo> outputs;
  std::vector<PassTime> pass_times;

  const MemoryPool& activations() const { return compiled.plan.pools.front(); }
};

}  // namespace mini_infer::runtime
