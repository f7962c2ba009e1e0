#include "runtime/fallback.h"

#include <algorithm>
#include <new>

#include "core/float_environment.h"
#include "core/try.h"
#include "ops/alias.h"
#include "ops/shapes.h"
#include "runtime/context_state.h"
#include "runtime/device_pools.h"
#include "runtime/engine_state.h"

namespace mini_infer::runtime {
namespace {

using core::Status;

// Lays one thing behind the other.
struct Block {
  std::size_t alignment;
  std::size_t bytes = 0;

  std::size_t add(std::size_t size) {
    const std::size_t at = bytes;
    bytes += core::align_up(size, alignment);
    return at;
  }
};

// From a tensor's first byte to its last, `pitch` elements from row to row.
std::size_t span_bytes(core::DataType type, const core::Shape& shape, std::int64_t pitch) {
  const std::int64_t row = ops::last_extent(shape);
  if (row == 0 || shape.elements() == 0) return 0;
  const std::int64_t elements = (shape.elements() / row - 1) * pitch + row;
  return static_cast<std::size_t>((elements * core::bits_per_element(type) + 7) / 8);
}

HostStep::Part input_part(const ops::NodeView& view, int slot) {
  const core::Shape& shape = view.input_shape(slot);
  const std::int64_t row = ops::last_extent(shape);
  const std::int64_t pitch = view.input_pitch(slot, row);
  return {.slot = static_cast<std::size_t>(slot),
          .bytes = span_bytes(view.input_type(slot), shape, pitch),
          .rows_apart = pitch != row};
}

HostStep::Part output_part(const ops::NodeView& view, int slot) {
  const core::Shape& shape = view.output_shape(slot);
  const std::int64_t row = ops::last_extent(shape);
  const std::int64_t pitch = view.output_pitch(slot, row);
  return {.slot = static_cast<std::size_t>(slot),
          .bytes = span_bytes(view.output_type(slot), shape, pitch),
          .rows_apart = pitch != row};
}

std::size_t workspace_of(const ops::NodeView& view) {
  const ops::OpDef* def = ops::find(view.node());
  return def != nullptr && def->require != nullptr ? def->require(view) : 0;
}

HostStep lay_out(const ops::NodeView& view, std::size_t alignment) {
  HostStep step;
  Block block{alignment};
  for (int slot = 0; slot < view.input_count(); ++slot) {
    if (view.constant(slot) != nullptr || !ops::reads_bytes(view, slot)) continue;
    step.inputs.push_back(input_part(view, slot));
    step.inputs.back().offset = block.add(step.inputs.back().bytes);
  }
  for (int slot = 0; slot < view.output_count(); ++slot) {
    if (!view.has_output(slot)) continue;
    step.outputs.push_back(output_part(view, slot));
    step.outputs.back().offset = block.add(step.outputs.back().bytes);
  }
  step.workspace_bytes = workspace_of(view);
  step.workspace_offset = block.add(step.workspace_bytes);
  step.block_bytes = block.bytes;
  return step;
}

std::optional<ops::PackedInput> form_of(const ops::Kernel& kernel, int slot) {
  for (const ops::PackedInput& packed : kernel.packed) {
    if (packed.slot == slot) return packed;
  }
  return std::nullopt;
}

void add_constants(const ops::NodeView& view, const ops::Kernel& kernel, HostStep& step,
                   Block& weights) {
  for (int slot = 0; slot < view.input_count(); ++slot) {
    if (view.constant(slot) == nullptr || !ops::reads_bytes(view, slot)) continue;
    HostStep::Constant constant{.value = view.node().inputs[static_cast<std::size_t>(slot)],
                                .slot = static_cast<std::size_t>(slot),
                                .packed = form_of(kernel, slot)};
    constant.bytes = constant.packed ? constant.packed->bytes : view.constant(slot)->size_bytes();
    constant.offset = weights.add(constant.bytes);
    step.constants.push_back(std::move(constant));
  }
}

void run_call(HostCall& call) {
  if (*call.fault != 0) return;  // a step before met bad data
  const core::FloatEnvironment ours;
  try {
    call.status = (*call.run)({.inputs = call.inputs,
                               .outputs = call.outputs,
                               .workspace = call.workspace,
                               .threads = call.threads});
  } catch (const std::bad_alloc&) {
    call.status = {Status::ERROR_OUT_OF_MEMORY, call.name + ": the host has no memory left"};
  }
  if (!call.status.ok()) *call.fault = call.fault_code;
}

std::unique_ptr<HostCall> make_host_call(const ContextState& state, std::size_t index) {
  const EngineState& engine = *state.engine;
  const BoundStep& bound = engine.steps[index];
  const HostStep& step = *bound.host;
  const graph::Node& node = engine.compiled.graph.node(bound.node);
  std::byte* block = state.staging.fallback();
  auto call = std::make_unique<HostCall>();
  call->run = &bound.run;
  call->name = bound.op + " '" + bound.name + "'";
  call->inputs.resize(node.inputs.size(), nullptr);
  call->outputs.resize(node.outputs.size(), nullptr);
  for (const HostStep::Part& part : step.inputs) call->inputs[part.slot] = block + part.offset;
  for (const HostStep::Part& part : step.outputs) call->outputs[part.slot] = block + part.offset;
  for (const HostStep::Constant& constant : step.constants) {
    call->inputs[constant.slot] = engine.host_weights.data() + constant.offset;
  }
  call->workspace = {block + step.workspace_offset, step.workspace_bytes};
  call->threads = engine.threads.get();
  call->fault = state.staging.fault();
  call->fault_code = static_cast<std::uint32_t>(index) + 1;
  return call;
}

}  // namespace

std::size_t HostStep::copied_bytes() const {
  std::size_t bytes = 0;
  for (const Part& part : inputs) bytes += part.bytes;
  for (const Part& part : outputs) bytes += part.rows_apart ? 2 * part.bytes : part.bytes;
  return bytes;
}

core::Result<HostBinding> bind_on_host(const EngineState& state, graph::NodeId id,
                                       std::size_t& weights_bytes) {
  const ops::NodeView view(state.compiled.graph, id, &state.pitches);
  const std::size_t alignment = state.config.memory_alignment;
  HostStep step = lay_out(view, alignment);
  MI_ASSIGN(ops::Kernel kernel,
            state.host_backend->bind(view, {.workspace_bytes = step.workspace_bytes}));
  Block weights{alignment, weights_bytes};
  add_constants(view, kernel, step, weights);
  weights_bytes = weights.bytes;
  return HostBinding{std::move(kernel), std::move(step)};
}

std::vector<ops::PackedInput> kept_on_host(const HostStep& step) {
  std::vector<ops::PackedInput> forms;
  for (const HostStep::Constant& constant : step.constants) {
    forms.push_back({.slot = static_cast<int>(constant.slot),
                     .bytes = 0,
                     .form = "on the host",
                     .pack = [](const core::Tensor&, std::byte*, core::ThreadPool&) {}});
  }
  return forms;
}

Status make_host_weights(EngineState& state) {
  MI_ASSIGN(state.host_weights,
            Arena::allocate("fallback weights", state.compiled.plan.fallback_weights_bytes,
                            state.config.memory_alignment, host_allocator()));
  for (const BoundStep& step : state.steps) {
    if (!step.host) continue;
    for (const HostStep::Constant& constant : step.host->constants) {
      store_weight(*state.compiled.graph.value(constant.value).constant,
                   constant.packed ? &*constant.packed : nullptr,
                   state.host_weights.data() + constant.offset, *state.threads);
    }
  }
  return Status::SUCCESS;
}

std::vector<std::unique_ptr<HostCall>> make_host_calls(const ContextState& state) {
  std::vector<std::unique_ptr<HostCall>> calls;
  for (std::size_t step = 0; step < state.engine->steps.size(); ++step) {
    const bool on_host = state.engine->steps[step].host.has_value();
    calls.push_back(on_host ? make_host_call(state, step) : nullptr);
  }
  return calls;
}

Status enqueue_host_step(const ContextState& state, std::size_t step,
                         const ops::KernelArgs& on_device) {
  const HostStep& host = *state.engine->steps[step].host;
  ops::Device& device = *state.device;
  std::byte* block = state.staging.fallback();
  const auto fetch = [&](const HostStep::Part& part, const void* from) {
    return device.download(block + part.offset, from, part.bytes, on_device.queue);
  };
  for (const HostStep::Part& part : host.inputs) {
    MI_TRY(fetch(part, on_device.inputs[part.slot]));
  }
  for (const HostStep::Part& part : host.outputs) {
    if (part.rows_apart) MI_TRY(fetch(part, on_device.outputs[part.slot]));
  }
  MI_TRY(device.call_host([](void* call) { run_call(*static_cast<HostCall*>(call)); },
                          state.host_calls[step].get(), on_device.queue));
  for (const HostStep::Part& part : host.outputs) {
    MI_TRY(device.upload(on_device.outputs[part.slot], block + part.offset, part.bytes,
                         on_device.queue));
  }
  return Status::SUCCESS;
}

}  // namespace mini_infer::runtime
