#include "runtime/context_state.h"

#include <algorithm>

#include "core/try.h"
#include "mini_infer/core/log.h"
#include "ops/alias.h"
#include "runtime/bind_memory.h"
#include "runtime/device_run.h"
#include "runtime/shared_arena_state.h"

namespace mini_infer::runtime {

using graph::kNoValue;
using graph::ValueId;

void ProfiledTimes::set(const std::vector<std::chrono::nanoseconds>& times) {
  const std::lock_guard lock(mutex_);
  times_ = times;
}

std::vector<std::chrono::nanoseconds> ProfiledTimes::get() const {
  const std::lock_guard lock(mutex_);
  return times_;
}

core::Result<std::unique_ptr<ContextState>> ContextState::create(
    std::shared_ptr<const EngineState> engine, Arena arena, Turns turns) {
  std::unique_ptr<ContextState> state(
      new ContextState(std::move(engine), std::move(arena), std::move(turns)));
  state->device = state->engine->backend->device();
  if (state->device != nullptr) {
    MI_ASSIGN(state->staging, Staging::create(*state->engine));
  }
  state->memory = memory_in_use(*state);
  state->proposed.reserve(state->memory.size());
  state->changes.reserve(state->memory.size());
  if (state->device == nullptr) return state;
  state->host_calls = make_host_calls(*state);
  MI_ASSIGN(state->queue, state->device->create_queue());
  MI_ASSIGN(state->done, state->device->create_event());
  MI_TRY(state->turns.line_up(*state->device, state->queue, state->done,
                              [&] { return prepare_on_device(*state); }));
  return state;
}

ContextState::~ContextState() {
  if (device == nullptr || !engine->check_process().ok()) return;
  if (pending) {
    // Nobody is left to return the error to.
    if (const core::Status status = wait_for_run(*this); !status.ok()) {
      MI_LOG_WARNING("a run that nobody waited for failed: " + status.to_string());
    }
  }
  turns.leave_line(done);
  forget_recording();
  if (done != nullptr) device->destroy_event(done);
  if (queue != nullptr) device->destroy(queue);
}

void ContextState::forget_recording() {
  if (recording != nullptr) device->destroy_recording(recording);
  recording = nullptr;
}

ContextState::ContextState(std::shared_ptr<const EngineState> engine_state, Arena own_arena,
                           Turns own_turns)
    : engine(std::move(engine_state)),
      arena(std::move(own_arena)),
      turns(std::move(own_turns)),
      bound(engine->compiled.plan.bound.size(), nullptr),
      input_states(engine->inputs.size(), InputState::kMissing) {
  if (engine->config.enable_profiling) {
    step_time.resize(engine->steps.size());
    profiled.set(step_time);
  }
  for (const BoundStep& step : engine->steps) {
    const graph::Node& node = engine->compiled.graph.node(step.node);
    steps.push_back({inputs.size(), outputs.size(), {}});
    inputs.resize(inputs.size() + node.inputs.size(), nullptr);
    outputs.resize(outputs.size() + node.outputs.size(), nullptr);
  }
  for (std::size_t step = 0; step < steps.size(); ++step) {
    const WorkspaceRange range = engine->workspaces[step];
    steps[step].workspace = {arena.data() + range.offset, range.size_bytes};
  }
  resolve_pointers();
}

void* ContextState::address(ValueId id) const {
  const Location& at = engine->locations[static_cast<std::size_t>(id)];
  switch (at.space) {
    case Location::Space::kNone:
      return nullptr;
    case Location::Space::kArena:
      return arena.data() + at.offset;
    case Location::Space::kBound:
      return bound[at.offset];
  }
  return nullptr;
}

const void* ContextState::input(const ops::NodeView& view, int slot) const {
  const auto at = static_cast<std::size_t>(slot);
  const auto& offset = engine->compiled.weights.offset_of[static_cast<std::size_t>(view.id())][at];
  return offset ? engine->weights->data() + *offset : address(view.node().inputs[at]);
}

void ContextState::resolve_pointers() {
  for (std::size_t step = 0; step < steps.size(); ++step) {
    const ops::NodeView view(engine->compiled.graph, engine->steps[step].node);
    for (int slot = 0; slot < view.input_count(); ++slot) {
      if (!ops::reads_bytes(view, slot)) continue;
      inputs[steps[step].first_input + static_cast<std::size_t>(slot)] = input(view, slot);
    }
    for (std::size_t slot = 0; slot < view.node().outputs.size(); ++slot) {
      const ValueId output = view.node().outputs[slot];
      if (output != kNoValue) outputs[steps[step].first_output + slot] = address(output);
    }
  }
}

bool ContextState::has_inputs_in_arena() const {
  if (device != nullptr) return false;  // they are staged elsewhere, and uploaded by the run
  const auto& ids = engine->compiled.graph.inputs;
  return std::any_of(ids.begin(), ids.end(), [this](ValueId id) {
    return engine->locations[static_cast<std::size_t>(id)].space == Location::Space::kArena;
  });
}

void ContextState::forget_arena() {
  if (ran) outputs_lost = true;
  ran = false;
  const auto& ids = engine->compiled.graph.inputs;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    const bool in_arena =
        engine->locations[static_cast<std::size_t>(ids[i])].space == Location::Space::kArena;
    if (in_arena && input_states[i] == InputState::kSet) input_states[i] = InputState::kLost;
  }
}

void ContextState::forget_outputs() {
  ran = false;
  outputs_lost = false;
}

void ContextState::rebind() {
  forget_recording();
  resolve_pointers();
}

std::span<const std::byte> ContextState::shared_block() const {
  const SharedArena* shared = turns.arena();
  if (shared == nullptr) return {};
  return {shared->state_->arena.data(), shared->state_->arena.size()};
}

ops::KernelArgs ContextState::args(std::size_t step) const {
  const graph::Node& node = engine->compiled.graph.node(engine->steps[step].node);
  return {.inputs = {inputs.data() + steps[step].first_input, node.inputs.size()},
          .outputs = {outputs.data() + steps[step].first_output, node.outputs.size()},
          .workspace = steps[step].workspace,
          .threads = engine->threads.get(),
          .queue = queue,
          .fault = device != nullptr ? staging.fault() : nullptr,
          .fault_code = static_cast<std::uint32_t>(step) + 1};
}

}  // namespace mini_infer::runtime
