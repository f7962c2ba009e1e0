#include "runtime/device_run.h"

#include <algorithm>

#include "core/try.h"
#include "runtime/poisoned_run.h"

namespace mini_infer::runtime {
namespace {

using core::Status;

Status upload_inputs(const ContextState& state, ops::Queue queue) {
  const auto& inputs = state.engine->compiled.graph.inputs;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const auto bytes = state.staging.input(i);
    if (bytes.empty()) continue;
    MI_TRY(state.device->upload(state.address(inputs[i]), bytes.data(), bytes.size(), queue));
  }
  return Status::SUCCESS;
}

Status download_outputs(const ContextState& state, ops::Queue queue) {
  const auto& outputs = state.engine->compiled.graph.outputs;
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    const auto bytes = state.staging.output(i);
    if (bytes.empty()) continue;
    MI_TRY(state.device->download(bytes.data(), state.address(outputs[i]), bytes.size(), queue));
  }
  return Status::SUCCESS;
}

// Ends with the scope.
class Range {
 public:
  Range(ops::Device& device, const std::string& name) : device_(device) {
    device_.begin_range(name.c_str());
  }
  ~Range() { device_.end_range(); }
  Range(const Range&) = delete;
  Range& operator=(const Range&) = delete;

 private:
  ops::Device& device_;
};

Status run_step(const ContextState& state, std::size_t step, ops::Queue queue) {
  ops::KernelArgs args = state.args(step);
  args.queue = queue;
  const BoundStep& bound = state.engine->steps[step];
  const Range range(*state.device, bound.op + " " + bound.name);
  const Status started = bound.host ? enqueue_host_step(state, step, args) : bound.run(args);
  return started.with_context(bound.op + " '" + bound.name + "'");
}

Status run_all(const ContextState& state, ops::Queue queue) {
  const ops::CurrentDevice current(*state.device);
  MI_TRY(current.status());
  MI_TRY(upload_inputs(state, queue));
  for (std::size_t step = 0; step < state.steps.size(); ++step) {
    MI_TRY(run_step(state, step, queue));
  }
  return download_outputs(state, queue);
}

bool all_bound(const ContextState& state) {
  return std::none_of(state.bound.begin(), state.bound.end(),
                      [](const void* memory) { return memory == nullptr; });
}

// Lets everything of the caller's that is to be bound lie at `memory`; null: nowhere.
void bind_all(ContextState& state, void* memory) {
  std::fill(state.bound.begin(), state.bound.end(), memory);
  state.rebind();
}

std::size_t largest_bound(const ContextState& state) {
  std::size_t bytes = 0;
  for (const TensorPlacement& tensor : state.engine->compiled.plan.bound) {
    bytes = std::max(bytes, tensor.size_bytes);
  }
  return bytes;
}

// A kernel's code is loaded when it first runs, which must not happen while recording, nor in
// memory of the caller's, who may be using it. What the tensors hold does not matter, so that all
// of the caller's lie at one place.
Status load_kernels(ContextState& state) {
  Arena memory = Arena::borrow(state.arena.data(), state.arena.size());
  if (largest_bound(state) > memory.size()) {
    MI_ASSIGN(memory, Arena::allocate("first run", largest_bound(state),
                                      state.engine->config.memory_alignment,
                                      state.engine->config.allocator, state.device));
  }
  bind_all(state, memory.data());
  const Status ran = run_all(state, state.queue);
  MI_TRY(state.device->synchronize(state.queue));
  bind_all(state, nullptr);
  *state.staging.fault() = 0;
  return ran;
}

// So that whoever waits for the run needs no queue of the caller's.
Status mark_end(const ContextState& state) {
  if (state.last_queue == state.queue) return Status::SUCCESS;
  return state.device->record_event(state.done, state.last_queue);
}

}  // namespace

Status record_on_device(ContextState& state) {
  MI_TRY(state.device->begin_recording(state.queue));
  const Status recorded = run_all(state, state.queue);
  const auto recording = state.device->end_recording(state.queue);
  if (!recording.ok()) return recorded.ok() ? recording.status() : recorded;
  if (!recorded.ok()) {
    state.device->destroy_recording(*recording);
    return recorded;
  }
  state.recording = *recording;
  return Status::SUCCESS;
}

Status prepare_on_device(ContextState& state) {
  if (state.engine->config.poison_memory) return Status::SUCCESS;  // it runs step by step
  MI_TRY(load_kernels(state));
  return all_bound(state) ? record_on_device(state) : Status(Status::SUCCESS);
}

Status enqueue_on_device(ContextState& state) {
  MI_TRY(state.device->replay(state.recording, state.last_queue));
  state.pending = true;
  return mark_end(state);
}

Status wait_for_run(const ContextState& state) {
  return state.last_queue == state.queue ? state.device->synchronize(state.queue)
                                         : state.device->wait_on_host(state.done);
}

Status synchronize_on_device(ContextState& state) {
  MI_TRY(state.engine->check_process());
  if (!state.pending) return Status::SUCCESS;
  state.pending = false;
  MI_TRY(wait_for_run(state));
  const std::uint32_t fault = *state.staging.fault();
  if (fault == 0) {
    state.ran = true;
    return Status::SUCCESS;
  }
  *state.staging.fault() = 0;
  const HostCall* call = state.host_calls[fault - 1].get();
  return call != nullptr ? call->status : state.engine->steps[fault - 1].fault;
}

Status step_on_device(ContextState& state) {
  using Clock = std::chrono::steady_clock;
  const ops::CurrentDevice current(*state.device);
  MI_TRY(current.status());
  const ops::Queue queue = state.last_queue;
  MI_TRY(upload_inputs(state, queue));
  MI_TRY(state.device->synchronize(queue));
  for (std::size_t step = 0; step < state.steps.size(); ++step) {
    const Clock::time_point start = Clock::now();
    const auto run = [&]() -> Status {
      MI_TRY(run_step(state, step, queue));
      return state.device->synchronize(queue);
    };
    MI_TRY(state.engine->config.poison_memory ? run_poisoned(state, step, run) : run());
    if (!state.step_time.empty()) state.step_time[step] += Clock::now() - start;
  }
  MI_TRY(download_outputs(state, queue));
  state.pending = true;
  return mark_end(state);
}

}  // namespace mini_infer::runtime
