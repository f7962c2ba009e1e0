#include "runtime/context_state.h"

#include "ops/alias.h"

namespace mini_infer::runtime {

using graph::kNoValue;
using graph::ValueId;

ContextState::ContextState(std::shared_ptr<const EngineState> engine_state, Arena own_arena)
    : engine(std::move(engine_state)),
      arena(std::move(own_arena)),
      bound(engine->compiled.plan.bound.size(), nullptr),
      input_ready(engine->inputs.size(), false) {
  if (engine->config.enable_profiling) step_time.resize(engine->steps.size());
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

void ContextState::bind(std::size_t storage, void* memory) {
  if (bound[storage] == memory) return;
  bound[storage] = memory;
  resolve_pointers();
}

ops::KernelArgs ContextState::args(std::size_t step) const {
  const graph::Node& node = engine->compiled.graph.node(engine->steps[step].node);
  return {.inputs = {inputs.data() + steps[step].first_input, node.inputs.size()},
          .outputs = {outputs.data() + steps[step].first_output, node.outputs.size()},
          .workspace = steps[step].workspace,
          .threads = engine->threads.get()};
}

}  // namespace mini_infer::runtime
