#include "runtime/bind_memory.h"

#include <algorithm>
#include <cstdint>
#include <string>

#include "core/try.h"
#include "runtime/context_call.h"
#include "runtime/context_checks.h"

// The caller's memory, as inputs and outputs of a context.
namespace mini_infer::runtime {

using core::Status;
using Use = AddressRange::Use;

namespace {

AddressRange pool_of(std::string_view name, const Arena& pool) {
  return {Use::kPool, name, pool.data(), pool.size()};
}

AddressRange pool_of(std::string_view name, std::span<const std::byte> pool) {
  return {Use::kPool, name, pool.data(), pool.size()};
}

Status check_memory(const ContextState& state, const TensorInfo& info, const void* memory,
                    std::size_t bytes) {
  if (bytes != info.size_bytes) {
    return refuse("'" + info.name + "' is " + describe(info.type, info.shape) + " of " +
                  std::to_string(info.size_bytes) + " bytes, was given " + std::to_string(bytes));
  }
  constexpr std::uintptr_t kKernelAlignment = 16;
  if (bytes > 0 &&
      (memory == nullptr || reinterpret_cast<std::uintptr_t>(memory) % kKernelAlignment != 0)) {
    return refuse("'" + info.name + "': expected an address aligned to 16 bytes, was given " +
                  (memory == nullptr ? "null" : "one that is not"));
  }
  if (state.device == nullptr || bytes == 0) return Status::SUCCESS;
  return state.device->check_reach(memory).with_context("'" + info.name + "'");
}

// The graph's inputs, then its outputs.
graph::ValueId value_at(const graph::Graph& graph, std::size_t slot) {
  return slot < graph.inputs.size() ? graph.inputs[slot]
                                    : graph.outputs[slot - graph.inputs.size()];
}

}  // namespace

std::vector<AddressRange> memory_in_use(const ContextState& state) {
  const EngineState& engine = *state.engine;
  std::vector<AddressRange> ranges;
  for (const TensorInfo& info : engine.inputs) ranges.push_back({Use::kInput, info.name});
  for (const TensorInfo& info : engine.outputs) ranges.push_back({Use::kOutput, info.name});
  const auto shared = state.shared_block();
  ranges.push_back(shared.empty() ? pool_of("activations pool", state.arena)
                                  : pool_of("shared arena", shared));
  ranges.push_back(pool_of("weights pool", *engine.weights));
  ranges.push_back(pool_of("weights pool of the host", engine.host_weights));
  ranges.push_back(pool_of("staging pool", state.staging.pool()));
  return ranges;
}

Rebinding::Rebinding(ContextState& state) : state_(state) {
  state.proposed = state.memory;
  state.changes.clear();
}

Status Rebinding::input(std::size_t index, const void* memory, std::size_t bytes) {
  const auto& inputs = state_.engine->inputs;
  MI_TRY(check_index(inputs, index, "input"));
  return propose(index, inputs[index], memory, bytes);
}

Status Rebinding::output(std::size_t index, void* memory, std::size_t bytes) {
  const auto& outputs = state_.engine->outputs;
  MI_TRY(check_index(outputs, index, "output"));
  return propose(state_.engine->inputs.size() + index, outputs[index], memory, bytes);
}

Status Rebinding::propose(std::size_t slot, const TensorInfo& info, const void* memory,
                          std::size_t bytes) {
  const graph::ValueId id = value_at(state_.engine->compiled.graph, slot);
  const Location& at = state_.engine->locations[static_cast<std::size_t>(id)];
  if (at.space != Location::Space::kBound) {
    return refuse("'" + info.name +
                  "' is staged in the arena; build with stage_inputs or "
                  "stage_outputs off to bind buffers");
  }
  MI_TRY(check_memory(state_, info, memory, bytes));
  const auto& changes = state_.changes;
  if (std::find(changes.begin(), changes.end(), slot) != changes.end()) {
    return refuse("'" + info.name + "' is named twice; bind it once");
  }
  state_.changes.push_back(slot);
  state_.proposed[slot].begin = memory;
  state_.proposed[slot].bytes = bytes;
  return Status::SUCCESS;
}

Status Rebinding::apply() {
  for (std::size_t slot : state_.changes) MI_TRY(check_binding(state_.proposed, slot));
  const EngineState& engine = *state_.engine;
  bool moved = false;
  for (std::size_t slot : state_.changes) {
    const bool is_input = slot < engine.inputs.size();
    if (is_input) state_.input_states[slot] = InputState::kSet;
    const void* memory = state_.proposed[slot].begin;
    if (memory == state_.memory[slot].begin) continue;
    moved = true;
    if (!is_input) state_.forget_outputs();  // what ran has written elsewhere
    const graph::ValueId id = value_at(engine.compiled.graph, slot);
    // The plan never writes a caller's input.
    state_.bound[engine.locations[static_cast<std::size_t>(id)].offset] = const_cast<void*>(memory);
  }
  state_.memory.swap(state_.proposed);
  if (moved) state_.rebind();
  return Status::SUCCESS;
}

Status ExecutionContext::bind_input(std::string_view name, const void* memory, std::size_t bytes) {
  MI_ASSIGN(const std::size_t index, find_tensor(state_->engine->inputs, name, "input"));
  return bind_input(index, memory, bytes);
}

Status ExecutionContext::bind_output(std::string_view name, void* memory, std::size_t bytes) {
  MI_ASSIGN(const std::size_t index, find_tensor(state_->engine->outputs, name, "output"));
  return bind_output(index, memory, bytes);
}

Status ExecutionContext::bind_input(std::size_t index, const void* memory, std::size_t bytes) {
  const ContextCall call(state_->in_use);
  MI_TRY(call.status());
  MI_TRY(check_idle(*state_));
  Rebinding change(*state_);
  MI_TRY(change.input(index, memory, bytes));
  return change.apply();
}

Status ExecutionContext::bind_output(std::size_t index, void* memory, std::size_t bytes) {
  const ContextCall call(state_->in_use);
  MI_TRY(call.status());
  MI_TRY(check_idle(*state_));
  Rebinding change(*state_);
  MI_TRY(change.output(index, memory, bytes));
  return change.apply();
}

Status ExecutionContext::bind(std::span<const InputBuffer> inputs,
                              std::span<const OutputBuffer> outputs) {
  const ContextCall call(state_->in_use);
  MI_TRY(call.status());
  MI_TRY(check_idle(*state_));
  const EngineState& engine = *state_->engine;
  Rebinding change(*state_);
  for (const InputBuffer& buffer : inputs) {
    MI_ASSIGN(const std::size_t index, find_tensor(engine.inputs, buffer.name, "input"));
    MI_TRY(change.input(index, buffer.memory, buffer.bytes));
  }
  for (const OutputBuffer& buffer : outputs) {
    MI_ASSIGN(const std::size_t index, find_tensor(engine.outputs, buffer.name, "output"));
    MI_TRY(change.output(index, buffer.memory, buffer.bytes));
  }
  return change.apply();
}

}  // namespace mini_infer::runtime
