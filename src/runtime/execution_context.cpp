#include "mini_infer/runtime/execution_context.h"

#include <algorithm>
#include <cstring>

#include "core/float_environment.h"
#include "core/try.h"
#include "runtime/context_call.h"
#include "runtime/context_checks.h"
#include "runtime/device_run.h"
#include "runtime/poisoned_run.h"

namespace mini_infer::runtime {

using core::Status;

ExecutionContext::ExecutionContext(std::unique_ptr<ContextState> state)
    : state_(std::move(state)) {}
ExecutionContext::~ExecutionContext() = default;

namespace {

Status check_as_planned(const TensorInfo& info, const core::Tensor& tensor) {
  const bool type = tensor.type() == info.type, shape = tensor.shape() == info.shape;
  if (type && shape) return Status::SUCCESS;
  const std::string convert =
      type ? std::string() : std::string("; convert it to ") + core::type_name(info.type);
  return refuse("input '" + info.name + "': planned for " + describe(info.type, info.shape) +
                ", was given " + describe(tensor.type(), tensor.shape()) + convert +
                (shape ? "" : "; build an engine for that shape"));
}

Status check_bytes(const TensorInfo& info, std::span<const std::byte> bytes) {
  if (bytes.size() == info.size_bytes && (bytes.data() != nullptr || bytes.empty())) {
    return Status::SUCCESS;
  }
  return refuse("input '" + info.name + "' is " + describe(info.type, info.shape) + " of " +
                std::to_string(info.size_bytes) + " bytes, was given " +
                (bytes.size() == info.size_bytes ? "null" : std::to_string(bytes.size())));
}

}  // namespace

Status ExecutionContext::set_input(std::string_view name, const core::Tensor& tensor) {
  MI_ASSIGN(const std::size_t index, find_tensor(state_->engine->inputs, name, "input"));
  const TensorInfo& info = state_->engine->inputs[index];
  MI_TRY(check_as_planned(info, tensor));
  return set_input(index, tensor.bytes());
}

Status ExecutionContext::set_input(std::size_t index, std::span<const std::byte> bytes) {
  const ContextCall call(state_->in_use);
  MI_TRY(call.status());
  MI_TRY(check_idle(*state_));
  const EngineState& engine = *state_->engine;
  MI_TRY(check_index(engine.inputs, index, "input"));
  const TensorInfo& info = engine.inputs[index];
  MI_TRY(check_bytes(info, bytes));
  const graph::ValueId id = engine.compiled.graph.inputs[index];
  const graph::Value& value = engine.compiled.graph.value(id);
  if (value.constant) {
    if (!std::equal(bytes.begin(), bytes.end(), value.constant->bytes().begin())) {
      return refuse("input '" + info.name +
                    "' decides shapes: the engine was built for another "
                    "value; build one for this value");
    }
  } else {
    if (engine.locations[static_cast<std::size_t>(id)].space == Location::Space::kBound) {
      return refuse("input '" + info.name + "' is not staged; use bind_input");
    }
    if (state_->leases > 0) {
      return {Status::ERROR_BUSY, "an output is still leased; its bytes may lie where inputs go"};
    }
    if (state_->device != nullptr) {
      std::copy(bytes.begin(), bytes.end(), state_->staging.input(index).begin());
    } else {
      MI_ASSIGN(const Turns::Taken turn, state_->turns.take());
      if (turn.lost) state_->forget_arena();
      if (!bytes.empty()) std::memcpy(state_->address(id), bytes.data(), bytes.size());
    }
    // An input's bytes may be an output's of the run before.
    state_->forget_outputs();
  }
  state_->input_states[index] = InputState::kSet;
  return Status::SUCCESS;
}

namespace {

Status check_input(const TensorInfo& info, InputState state) {
  switch (state) {
    case InputState::kSet:
      return Status::SUCCESS;
    case InputState::kMissing:
      return refuse("run: input '" + info.name +
                    "' was not set (a run consumes staged inputs unless keep_inputs is on)");
    case InputState::kLost:
      return refuse("run: input '" + info.name +
                    "' is gone: another context has used the arena since, which this one shares; "
                    "set it again");
  }
  return Status::SUCCESS;
}

Status check_ready(const ContextState& state) {
  MI_TRY(check_idle(state));
  if (state.leases > 0) {
    return {Status::ERROR_BUSY, "run: " + std::to_string(state.leases) +
                                    " outputs of the last run are still leased; let them go first"};
  }
  const EngineState& engine = *state.engine;
  for (std::size_t i = 0; i < engine.inputs.size(); ++i) {
    const graph::ValueId id = engine.compiled.graph.inputs[i];
    if (engine.compiled.graph.value(id).constant) continue;
    MI_TRY(check_input(engine.inputs[i], state.input_states[i]));
  }
  for (std::size_t i = 0; i < engine.outputs.size(); ++i) {
    const graph::ValueId id = engine.compiled.graph.outputs[i];
    const Location& at = engine.locations[static_cast<std::size_t>(id)];
    if (at.space == Location::Space::kBound && engine.outputs[i].size_bytes > 0 &&
        state.bound[at.offset] == nullptr) {
      return refuse("run: output '" + engine.outputs[i].name + "' has no buffer; use bind_output");
    }
  }
  return Status::SUCCESS;
}

Status run_step(ContextState& state, std::size_t step) {
  const auto run = [&] { return state.engine->steps[step].run(state.args(step)); };
  return state.engine->config.poison_memory ? run_poisoned(state, step, run) : run();
}

void consume_inputs(ContextState& state) {
  const EngineState& engine = *state.engine;
  if (engine.config.keep_inputs) return;
  for (std::size_t i = 0; i < engine.inputs.size(); ++i) {
    const graph::ValueId id = engine.compiled.graph.inputs[i];
    if (engine.locations[static_cast<std::size_t>(id)].space == Location::Space::kArena) {
      state.input_states[i] = InputState::kMissing;
    }
  }
}

Status run_on_host(ContextState& state) {
  using Clock = std::chrono::steady_clock;
  for (std::size_t step = 0; step < state.steps.size(); ++step) {
    if (state.step_time.empty()) {
      MI_TRY(run_step(state, step));
      continue;
    }
    const Clock::time_point start = Clock::now();
    MI_TRY(run_step(state, step));
    state.step_time[step] += Clock::now() - start;
  }
  return Status::SUCCESS;
}

Status run_on_device(ContextState& state, ops::Queue queue) {
  ops::Device& device = *state.device;
  const bool stepwise = !state.step_time.empty() || state.engine->config.poison_memory;
  if (!stepwise && state.recording == nullptr) MI_TRY(record_on_device(state));
  state.last_queue = queue;
  return state.turns.line_up(device, state.last_queue, state.done, [&] {
    return stepwise ? step_on_device(state) : enqueue_on_device(state);
  });
}

Status start_run(ContextState& state, ops::Queue queue) {
  if (state.device == nullptr && state.turns.lost()) state.forget_arena();
  MI_TRY(check_ready(state));
  const core::FloatEnvironment ours;
  if (state.device != nullptr) {
    state.forget_outputs();
    consume_inputs(state);
    return run_on_device(state, queue);
  }
  MI_ASSIGN(const bool began, state.turns.begin_run(state.has_inputs_in_arena()));
  if (!began) {
    state.forget_arena();
    return check_ready(state);  // says which input is gone
  }
  state.forget_outputs();
  consume_inputs(state);
  const Status ran = run_on_host(state);
  state.turns.end_run();
  state.ran = ran.ok();
  return ran;
}

Status enqueue_run(ContextState& state, ops::Queue queue) {
  const Status started = start_run(state, queue);
  if (!state.step_time.empty()) state.profiled.set(state.step_time);
  return started;
}

}  // namespace

Status ExecutionContext::run() {
  const ContextCall call(state_->in_use);
  MI_TRY(call.status());
  MI_TRY(enqueue_run(*state_, state_->queue));
  return synchronize_on_device(*state_);
}

Status ExecutionContext::enqueue() { return enqueue(state_->queue); }

Status ExecutionContext::enqueue(void* stream) {
  const ContextCall call(state_->in_use);
  MI_TRY(call.status());
  return enqueue_run(*state_, stream);
}

Status ExecutionContext::synchronize() {
  const ContextCall call(state_->in_use);
  MI_TRY(call.status());
  return synchronize_on_device(*state_);
}

namespace {

Status lost_output(const TensorInfo& info) {
  return refuse("output '" + info.name +
                "' is gone: another context has used the arena since, which this one shares; take "
                "it before the other one runs or is given an input");
}

}  // namespace

core::Result<OutputLease> ExecutionContext::output(std::string_view name) const {
  MI_ASSIGN(const std::size_t index, find_tensor(state_->engine->outputs, name, "output"));
  return output(index);
}

core::Result<OutputLease> ExecutionContext::output(std::size_t index) const {
  const ContextCall call(state_->in_use);
  MI_TRY(call.status());
  const EngineState& engine = *state_->engine;
  MI_TRY(check_index(engine.outputs, index, "output"));
  const TensorInfo& info = engine.outputs[index];
  MI_TRY(check_idle(*state_));
  if (state_->outputs_lost) return lost_output(info);
  if (!state_->ran) {
    return refuse("output '" + info.name +
                  "': nothing has run since the inputs were set or an output was bound");
  }
  const graph::ValueId id = engine.compiled.graph.outputs[index];
  const auto space = engine.locations[static_cast<std::size_t>(id)].space;
  if (state_->device != nullptr && space == Location::Space::kBound) {
    return refuse("output '" + info.name + "' is not staged: read it where it was bound");
  }
  const bool in_arena = state_->device == nullptr && space == Location::Space::kArena;
  if (in_arena && !state_->turns.lease()) return lost_output(info);
  const void* bytes =
      state_->device != nullptr ? state_->staging.output(index).data() : state_->address(id);
  ++state_->leases;
  OutputLease lease;
  lease.state_ = state_.get();
  lease.in_arena_ = in_arena;
  lease.type_ = info.type;
  lease.shape_ = &info.shape;
  lease.bytes_ = {static_cast<const std::byte*>(bytes), info.size_bytes};
  return lease;
}

std::vector<StepTime> ExecutionContext::profile() const {
  std::vector<StepTime> times;
  const auto totals = state_->profiled.get();
  for (std::size_t step = 0; step < totals.size(); ++step) {
    const BoundStep& bound = state_->engine->steps[step];
    times.push_back(
        {bound.name, bound.op, totals[step], state_->engine->compiled.plan.steps[step].kernel});
  }
  return times;
}

std::span<const std::byte> ExecutionContext::arena() const {
  return {state_->arena.data(), state_->arena.size()};
}

OutputLease::OutputLease(OutputLease&& other) noexcept
    : state_(std::exchange(other.state_, nullptr)),
      in_arena_(other.in_arena_),
      type_(other.type_),
      shape_(other.shape_),
      bytes_(other.bytes_) {}

OutputLease::~OutputLease() {
  if (state_ == nullptr) return;
  if (in_arena_) state_->turns.end_lease();
  --state_->leases;  // last: the context may then be run, or go
}

}  // namespace mini_infer::runtime
