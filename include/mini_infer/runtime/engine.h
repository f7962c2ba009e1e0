#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "mini_infer/core/export.h"
#include "mini_infer/core/log.h"
#include "mini_infer/core/status.h"
#include "mini_infer/core/types.h"
#include "mini_infer/graph/graph.h"
#include "mini_infer/runtime/allocator.h"
#include "mini_infer/runtime/execution_context.h"
#include "mini_infer/runtime/memory_plan.h"
#include "mini_infer/runtime/planning_options.h"
#include "mini_infer/runtime/shared_arena.h"

namespace mini_infer::runtime {

// How the CPU computes. Nothing here changes a plan; `threads` and `processors` change no result
// either.
struct CpuConfig {
  // Threads that share the work of a step at most, the caller of run() included. 0: what the
  // environment variable MINI_INFER_THREADS says; where it is not set, the processors that the
  // caller of build() may use, or the processor time of its control groups, rounded up, where that
  // is less. All engines of a process share its threads, of which there are as many as the largest
  // engine asks for: runs at the same time each get what is idle. Where the system makes fewer, the
  // engine goes on with those, and the log warns once.
  int threads = 0;
  // Where threads of the engine's own run, bound in turn: it then shares none with other engines.
  // Empty: shared ones, anywhere. A processor that the machine lacks, or that the system withholds
  // from this process, is ERROR_INVALID_ARGUMENT.
  std::vector<int> processors;
  // One that this machine lacks is ERROR_UNSUPPORTED.
  core::InstructionSet instruction_set = core::InstructionSet::kNative;
  // Winograd's F(2x2, 3x3) (Lavin and Gray, arXiv:1509.09308) where a step's hole has room for it.
  // An infinity in its input becomes NaN in the outputs of its tile.
  bool winograd = true;
};

// How Device::kCuda computes.
struct CudaConfig {
  int device = 0;  // its index
  // Take kernels of cuBLASLt and cuDNN where they serve a step and its hole has their workspace;
  // false: this library's own only.
  bool libraries = true;
  // Time the ways to compute a step, the libraries' and our own, while building, in device memory
  // of its own, and take the fastest. The bits of results are then those of one engine, not of
  // every engine.
  bool tune = false;
  // With tune: a file that keeps what was timed, made where there is none, so that it is not timed
  // again in the next build or process. One of another version of the libraries, of this one, or of
  // another kind of device is begun anew. Empty: none.
  std::string tuning_file;
  // Where CUDA has no kernel for a step, compute it on the CPU: its tensors are then copied to the
  // host and back, as the plan says (PlanStep::copied_bytes). False: such a model is
  // ERROR_UNSUPPORTED, with all such steps named.
  bool cpu_fallback = false;
  // Have CUPTI count what anybody in the process takes of devices, and NVML what the process holds
  // (DeviceMemory). ERROR_UNSUPPORTED where CUPTI is not there.
  bool watch_allocations = false;
};

struct EngineConfig {
  bool enable_memory_planning = true;  // false: every tensor has bytes of its own
  bool reorder = true;                 // see PlanningOptions
  WindowKinds windows = {};            // see PlanningOptions
  // Bytes; a power of two from 16 to 256. Below 256, CUDA's libraries get no workspace.
  std::size_t memory_alignment = 256;
  bool enable_profiling = false;  // time every step
  core::Device device = core::Device::kCpu;
  bool stage_inputs = true;  // see PlanningOptions
  bool stage_outputs = true;
  bool keep_inputs = false;
  std::size_t workspace_bytes = 0;  // see PlanningOptions
  core::Precision precision = core::Precision::kFloat32;
  std::optional<std::vector<std::string>> passes;
  bool check_passes = false;                // see PlanningOptions
  std::optional<std::size_t> arena_limit;   // bytes of one context's activations
  std::optional<std::size_t> memory_limit;  // its former name, where arena_limit is not given
  // Bytes of MemoryPlan::total_bytes(). Where the fastest kernels take more, the CPU's convolutions
  // give up Winograd's larger weights, those that save the most first, until the total fits; where
  // that is not enough, ERROR_OVER_BUDGET says what takes how much.
  std::optional<std::size_t> total_limit;
  // The caller brings the activations: build makes no context, create_context takes memory.
  bool caller_memory = false;
  // Run every step in an arena where all bytes but the step's own inputs are overwritten with a
  // pattern, and fail if it writes outside its outputs. Slow; takes three times the memory; for
  // tests.
  bool poison_memory = false;
  std::shared_ptr<Allocator> allocator;  // null: memory of the device
  CpuConfig cpu;
  CudaConfig cuda;
};

struct TensorInfo {
  std::string name;
  core::DataType type = core::DataType::kUndefined;
  core::Shape shape;
  std::size_t size_bytes = 0;
};

struct PassTime {
  std::string name;
  int nodes_before = 0;
  int nodes_after = 0;
  double milliseconds = 0;
};

// A device's memory at a moment.
struct DeviceMemory {
  std::string moment;          // "device opened", "weights", "first context"
  std::size_t free_bytes = 0;  // for everybody, other processes included
  // With CudaConfig::watch_allocations, else 0: what the driver counts for this process (NVML; 0
  // where it does not), and what anybody in the process has taken so far.
  std::size_t process_bytes = 0;
  std::size_t allocations = 0;
  std::size_t allocated_bytes = 0;
};

struct EngineState;
class Arena;
class Turns;

// A model planned, judged and made ready to run. build() once; immutable and safe to read from any
// thread after. Contexts keep what they need of it alive.
class MINI_INFER_API Engine {
 public:
  explicit Engine(EngineConfig config = {});
  ~Engine();
  Engine(Engine&&) noexcept;
  Engine& operator=(Engine&&) noexcept;

  // Optimises a copy of the graph, plans, has both judges accept the plan, allocates the weights
  // pool, binds kernels and makes the first context. A graph that the caller moves in, and nobody
  // else holds, is let go before weights are packed, so that no constant is in memory twice. On
  // failure nothing is held and the engine can be built again. ERROR_OUT_OF_MEMORY names the pool
  // and the bytes asked; ERROR_IO a file of the model that has changed since it was imported.
  [[nodiscard]] core::Status build(std::shared_ptr<graph::Graph> graph);

  // The plan of the engine that build() would make, with kernels, packed weights, staging and what
  // building takes, and without taking any of it. The CPU's instruction set may be one that this
  // machine lacks.
  [[nodiscard]] static core::Result<MemoryPlan> plan(const EngineConfig& config,
                                                     const graph::Graph& graph);
  // The plan of the engine that build would make on a CUDA device that is not here, by what is
  // known of it: JSON as cuDNN writes it. Its steps name their kernels and workspaces, or say that
  // the library chooses on the device. Needs libmini_infer_cuda.so, with its libraries, and no GPU.
  static core::Result<MemoryPlan> plan_for_absent_device(const EngineConfig& config,
                                                         const graph::Graph& graph,
                                                         const std::string& device_properties);

  // The context made by build; null before it, and with caller_memory.
  ExecutionContext* context() const;

  // Another context with an arena of its own, or inside the caller's memory: at least
  // activation_bytes(), aligned to memory_alignment. The context uses the first activation_bytes()
  // of it, which are left alone while the context lives.
  core::Result<std::unique_ptr<ExecutionContext>> create_context() const;
  core::Result<std::unique_ptr<ExecutionContext>> create_context(std::span<std::byte> memory) const;
  // Or taking turns with other contexts in an arena made for this engine too.
  core::Result<std::unique_ptr<ExecutionContext>> create_context(
      std::shared_ptr<SharedArena> arena) const;

  // What it computes with; "", 0 and kNative before build.
  std::string device_name() const;  // see devices.h
  int threads() const;
  // What decided the number of threads: "cpu.threads", "MINI_INFER_THREADS", "cgroup quota" or
  // "affinity" (the processors that the caller of build() may use).
  const std::string& threads_decided_by() const;
  core::InstructionSet instruction_set() const;

  // On a device with memory of its own, how building took its bytes; then what is free now.
  std::vector<DeviceMemory> device_memory() const;

  std::size_t activation_bytes() const;
  std::size_t weights_bytes() const;
  const MemoryPlan& memory_plan() const;
  const std::vector<TensorInfo>& inputs() const;
  const std::vector<TensorInfo>& outputs() const;
  const std::vector<PassTime>& pass_times() const;
  // The optimised graph the plan speaks of. Its constants have moved into the weights pool: types
  // and shapes are left.
  const graph::Graph& graph() const;

 private:
  friend class SharedArena;
  core::Result<std::unique_ptr<ExecutionContext>> make_context(Arena arena, Turns turns) const;

  EngineConfig config_;
  std::shared_ptr<const EngineState> state_;
  std::unique_ptr<ExecutionContext> first_context_;
};

}  // namespace mini_infer::runtime
