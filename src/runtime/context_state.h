#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "mini_infer/runtime/execution_context.h"
#include "ops/backend.h"
#include "runtime/arena.h"
#include "runtime/binding_check.h"
#include "runtime/engine_state.h"
#include "runtime/staging.h"
#include "runtime/turns.h"

namespace mini_infer::runtime {

// Pointers of one step, as spans into ContextState's flat lists.
struct StepPointers {
  std::size_t first_input = 0;
  std::size_t first_output = 0;
  std::span<std::byte> workspace;
};

// The time of each step over all runs that have ended, for any thread to read while another one
// runs.
class ProfiledTimes {
 public:
  void set(const std::vector<std::chrono::nanoseconds>& times);
  std::vector<std::chrono::nanoseconds> get() const;

 private:
  mutable std::mutex mutex_;
  std::vector<std::chrono::nanoseconds> times_;
};

// Whether an input has its value. kLost: it had, but another context has used the arena since.
enum class InputState : std::uint8_t { kMissing, kSet, kLost };

struct ContextState {
  static core::Result<std::unique_ptr<ContextState>> create(
      std::shared_ptr<const EngineState> engine, Arena arena, Turns turns);
  ~ContextState();

  std::atomic<bool> in_use = false;  // by a call; see context_call.h
  std::shared_ptr<const EngineState> engine;
  Arena arena;
  Turns turns;  // in the arena, where others share it
  // On a device; null and empty on the host.
  ops::Device* device = nullptr;
  Staging staging;
  ops::Queue queue = nullptr;
  ops::Event done = nullptr;           // behind its last run
  bool pending = false;                // a run was enqueued and not waited for yet
  ops::Queue last_queue = nullptr;     // that a run was handed to
  ops::Recording recording = nullptr;  // null: addresses changed since, or some are missing
  Arena shadow;  // the true content of the arena while memory is poisoned; empty otherwise

  // Bound once; only what binds the caller's memory changes them afterwards.
  std::vector<const void*> inputs;
  std::vector<void*> outputs;
  std::vector<StepPointers> steps;
  std::vector<void*> bound;  // caller's memory by index into MemoryPlan::bound
  // See memory_in_use(); `proposed` is as large, with the indices that a call is about to change.
  std::vector<AddressRange> memory;
  std::vector<AddressRange> proposed;
  std::vector<std::size_t> changes;

  std::vector<InputState> input_states;  // by graph input
  bool ran = false;
  bool outputs_lost = false;    // not `ran` any more, because another context has used the arena
  std::atomic<int> leases = 0;  // which any thread may let go of
  std::vector<std::chrono::nanoseconds> step_time;    // empty unless profiling
  ProfiledTimes profiled;                             // what profile() may look at
  std::vector<std::unique_ptr<HostCall>> host_calls;  // by step; see fallback.h

  ops::KernelArgs args(std::size_t step) const;
  void* address(graph::ValueId id) const;
  // What lies in the arena, on the host, is another context's now.
  void forget_arena();
  // What ran before has no outputs any more: others are on their way.
  void forget_outputs();
  // Whether an input lies in the arena when a run begins.
  bool has_inputs_in_arena() const;
  // Points every slot that reads or writes memory of the caller's at `bound`, which has changed.
  void rebind();
  // The whole arena that this context shares, other parts included; empty where it has its own.
  std::span<const std::byte> shared_block() const;

 private:
  ContextState(std::shared_ptr<const EngineState> engine_state, Arena own_arena, Turns own_turns);
  void forget_recording();
  const void* input(const ops::NodeView& view, int slot) const;
  void resolve_pointers();
};

}  // namespace mini_infer::runtime
