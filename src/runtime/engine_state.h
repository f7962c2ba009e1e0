#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/process.h"
#include "core/thread_pool.h"
#include "mini_infer/runtime/engine.h"
#include "ops/backend.h"
#include "runtime/arena.h"
#include "runtime/compile.h"
#include "runtime/fallback.h"

namespace mini_infer::runtime {

// A step made ready to run.
struct BoundStep {
  graph::NodeId node = graph::kNoNode;
  ops::Kernel::Run run;
  std::string name;
  std::string op;
  core::Status fault = {};            // see ops::Kernel
  std::optional<HostStep> host = {};  // where the CPU computes it in a device's stead
};

// Where the bytes of a value that is no constant are found when a context is made.
struct Location {
  enum class Space { kNone, kArena, kBound };
  Space space = Space::kNone;
  std::size_t offset = 0;  // kArena: bytes; kBound: index into MemoryPlan::bound
  // Of rows that lie apart; else 0.
  std::size_t row_bytes = 0;
  std::size_t pitch_bytes = 0;
};

// A free range of the arena, in bytes.
struct WorkspaceRange {
  std::size_t offset = 0;
  std::size_t size_bytes = 0;
};

// What all contexts of an engine share. Immutable once the engine is built.
struct EngineState {
  // In a child of the process that made it, a device and all that is on it are let be: they are
  // not the child's.
  ~EngineState();
  // ERROR_UNSUPPORTED in such a child.
  [[nodiscard]] core::Status check_process() const;

  EngineConfig config;
  std::unique_ptr<ops::Backend> backend;  // before the pools, which may be of its device
  Compiled compiled;
  // By step: the workspace its operator requires, else the larger of its gap and the scratch
  // block.
  std::vector<WorkspaceRange> workspaces;
  std::unique_ptr<core::ThreadPool> threads;
  std::string threads_decided_by;  // see Engine
  core::InstructionSet instruction_set = core::InstructionSet::kNative;
  PackedInputs packed;  // by NodeId
  std::shared_ptr<Arena> weights;
  std::unique_ptr<ops::Backend> host_backend;  // of steps that the device has no kernel for, if any
  Arena host_weights;                          // and their constants
  std::vector<BoundStep> steps;
  std::vector<Location> locations;  // by ValueId
  ops::Pitches pitches;             // by ValueId
  std::vector<TensorInfo> inputs;
  std::vector<TensorInfo> outputs;
  std::vector<PassTime> pass_times;
  std::vector<DeviceMemory> device_memory;

  void note_device_memory(std::string moment) {
    const ops::Device* device = backend->device();
    if (device != nullptr) device_memory.push_back(memory_of(*device, std::move(moment)));
  }
  DeviceMemory memory_of(const ops::Device& device, std::string moment) const {
    DeviceMemory memory{.moment = std::move(moment), .free_bytes = device.free_bytes()};
    if (config.cuda.watch_allocations) {  // asking takes time
      memory.process_bytes = device.process_bytes();
      const ops::AllocationCount taken = device.allocations();
      memory.allocations = taken.calls;
      memory.allocated_bytes = taken.bytes;
    }
    return memory;
  }

  const MemoryPool& activations() const { return compiled.plan.pools.front(); }

 private:
  std::uint32_t process_ = core::process_number();
};

}  // namespace mini_infer::runtime
