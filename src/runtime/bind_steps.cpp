#include "runtime/bind_steps.h"

#include <algorithm>

#include "core/try.h"
#include "cpu/backend.h"
#include "cpu/planning_backend.h"

namespace mini_infer::runtime {
namespace {

using core::Status;

// What a kernel may count on. NVIDIA's libraries want a workspace that is aligned to 256 bytes, and
// nobody else on a device asks for this one.
std::size_t workspace_of(const EngineState& state, std::size_t index, const ops::Backend& backend) {
  constexpr std::size_t kAlignmentOfLibraries = 256;
  const bool suits =
      backend.device() == nullptr || state.config.memory_alignment >= kAlignmentOfLibraries;
  return suits ? state.workspaces[index].size_bytes : 0;
}

core::Result<ops::Kernel> kernel_of(const EngineState& state, std::size_t index,
                                    const ops::Backend& backend) {
  const graph::NodeId node = state.compiled.plan.steps[index].node;
  return backend.bind(ops::NodeView(state.compiled.graph, node, &state.pitches),
                      {.workspace_bytes = workspace_of(state, index, backend)});
}

void take(EngineState& state, std::size_t index, ops::Kernel kernel) {
  PlanStep& step = state.compiled.plan.steps[index];
  state.packed[static_cast<std::size_t>(step.node)] = std::move(kernel.packed);
  step.kernel = kernel.choice.name;
  step.workspace_wanted = kernel.choice.wanted_bytes;
  step.workspace_taken = kernel.choice.taken_bytes;
  state.steps[index] = {step.node, std::move(kernel.run), step.name, step.op,
                        std::move(kernel.fault)};
}

Status bind_to_backend(EngineState& state, std::size_t index) {
  MI_ASSIGN(ops::Kernel kernel, kernel_of(state, index, *state.backend));
  take(state, index, std::move(kernel));
  return Status::SUCCESS;
}

std::size_t bytes_of(const std::vector<ops::PackedInput>& forms) {
  std::size_t bytes = 0;
  for (const ops::PackedInput& form : forms) bytes += form.bytes;
  return bytes;
}

Status bind_to_host(EngineState& state, std::size_t index) {
  MemoryPlan& plan = state.compiled.plan;
  PlanStep& step = plan.steps[index];
  MI_ASSIGN(HostBinding bound, bind_on_host(state, step.node, plan.fallback_weights_bytes));
  plan.fallback_bytes = std::max(plan.fallback_bytes, bound.step.block_bytes);
  step.on_cpu = true;
  step.copied_bytes = bound.step.copied_bytes();
  step.kernel = "CPU";
  if (!bound.kernel.choice.name.empty()) step.kernel += ", " + bound.kernel.choice.name;
  state.packed[static_cast<std::size_t>(step.node)] = kept_on_host(bound.step);
  state.steps[index] = {.node = step.node,
                        .run = std::move(bound.kernel.run),
                        .name = step.name,
                        .op = step.op,
                        .host = std::move(bound.step)};
  return Status::SUCCESS;
}

Status bind_step(EngineState& state, std::size_t index) {
  Status bound = bind_to_backend(state, index);
  if (bound != Status::ERROR_UNSUPPORTED || state.host_backend == nullptr) return bound;
  const Status on_host = bind_to_host(state, index);
  return on_host == Status::ERROR_UNSUPPORTED ? bound : on_host;
}

}  // namespace

core::Result<std::unique_ptr<ops::Backend>> make_cpu_backend(const CpuConfig& config) {
  return cpu::make_backend(
      {.instruction_set = config.instruction_set, .winograd = config.winograd});
}

core::Result<std::unique_ptr<ops::Backend>> make_planning_backend(const CpuConfig& config) {
  return cpu::make_planning_backend(
      {.instruction_set = config.instruction_set, .winograd = config.winograd});
}

Status bind_steps(EngineState& state) {
  std::string missing;
  int count = 0;
  if (state.config.device == core::Device::kCuda && state.config.cuda.cpu_fallback) {
    MI_ASSIGN(state.host_backend, make_cpu_backend(state.config.cpu));
  }
  state.packed.resize(state.compiled.graph.nodes().size());
  state.steps.resize(state.compiled.plan.steps.size());
  for (std::size_t i = 0; i < state.compiled.plan.steps.size(); ++i) {
    const Status bound = bind_step(state, i);
    if (bound.ok()) continue;
    if (bound != Status::ERROR_UNSUPPORTED) return bound;
    missing += (count++ > 0 ? "; " : "") + bound.message();
  }
  if (count > 0) {
    const bool may_fall_back =
        state.config.device == core::Device::kCuda && state.host_backend == nullptr;
    const char* hint = "; with cuda.cpu_fallback those that the CPU serves are computed there";
    return {Status::ERROR_UNSUPPORTED, may_fall_back ? missing + hint : missing};
  }
  return Status::SUCCESS;
}

core::Result<std::vector<SmallerStep>> steps_that_could_take_less(const EngineState& state,
                                                                  const ops::Backend& smaller) {
  std::vector<SmallerStep> steps;
  for (std::size_t i = 0; i < state.steps.size(); ++i) {
    if (state.steps[i].host) continue;
    MI_ASSIGN(ops::Kernel kernel, kernel_of(state, i, smaller));
    const std::size_t now = bytes_of(state.packed[static_cast<std::size_t>(state.steps[i].node)]);
    const std::size_t then = bytes_of(kernel.packed);
    if (then < now) steps.push_back({i, now - then, std::move(kernel)});
  }
  return steps;
}

void rebind(EngineState& state, SmallerStep step) {
  take(state, step.index, std::move(step.kernel));
}

}  // namespace mini_infer::runtime
