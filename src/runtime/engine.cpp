#include "mini_infer/runtime/engine.h"

#include <algorithm>

#include "core/float_environment.h"
#include "core/thread_count.h"
#include "core/try.h"
#include "core/usable_processors.h"
#include "cpu/backend.h"
#include "mini_infer/runtime/devices.h"
#include "ops/alias.h"
#include "runtime/bind_steps.h"
#include "runtime/context_state.h"
#include "runtime/cuda_library.h"
#include "runtime/device_pools.h"
#include "runtime/engine_plan.h"
#include "runtime/engine_state.h"
#include "runtime/shared_arena_state.h"

namespace mini_infer::runtime {
namespace {

using core::Status;

ops::CudaRequest cuda_request(const EngineConfig& config) {
  return {
      .device = config.cuda.device,
      .libraries = config.cuda.libraries,
      .tf32 = config.precision == core::Precision::kTF32,
      .tune = config.cuda.tune,
      .tuning_file = config.cuda.tuning_file.empty() ? nullptr : config.cuda.tuning_file.c_str(),
      .watch_allocations = config.cuda.watch_allocations};
}

core::Result<std::unique_ptr<ops::Backend>> backend_for(const EngineConfig& config) {
  if (config.device == core::Device::kCuda) {
    if (!config.cuda.tune && !config.cuda.tuning_file.empty()) {
      return {Status::ERROR_INVALID_ARGUMENT, "cuda.tuning_file: expected cuda.tune with it"};
    }
    return open_cuda_backend(cuda_request(config));
  }
  return make_cpu_backend(config.cpu);
}

Status check_processors(const std::vector<int>& wanted) {
  if (wanted.empty()) return Status::SUCCESS;
  const std::vector<int> usable = core::usable_processors();
  for (int processor : wanted) {
    if (std::binary_search(usable.begin(), usable.end(), processor)) continue;
    return {Status::ERROR_INVALID_ARGUMENT,
            "cpu.processors: there is no processor " + std::to_string(processor) +
                " that this process may use; there are " + core::processor_ranges(usable)};
  }
  return Status::SUCCESS;
}

core::Result<core::ThreadCount> thread_count(const CpuConfig& config) {
  if (config.threads == 0) return core::default_thread_count();
  constexpr int kMost = core::ThreadPool::kMostThreads;
  if (config.threads < 1 || config.threads > kMost) {
    return {Status::ERROR_INVALID_ARGUMENT, "cpu.threads: expected 0 to " + std::to_string(kMost) +
                                                ", found " + std::to_string(config.threads)};
  }
  return core::ThreadCount{config.threads, "cpu.threads"};
}

Status make_threads(EngineState& state) {
  const CpuConfig& config = state.config.cpu;
  MI_ASSIGN(core::ThreadCount count, thread_count(config));
  MI_TRY(check_processors(config.processors));
  const bool own = !config.processors.empty();
  state.threads =
      std::make_unique<core::ThreadPool>(own ? core::ThreadPool(count.threads, config.processors)
                                             : core::ThreadPool::share(count.threads));
  state.threads_decided_by = std::move(count.decided_by);
  MI_LOG_INFO("[Engine] " + std::to_string(state.threads->size()) + " threads, decided by " +
              state.threads_decided_by);
  return Status::SUCCESS;
}

Status make_weights(EngineState& state) {
  MI_TRY(make_host_weights(state));
  Compiled& compiled = state.compiled;
  MI_ASSIGN(Arena pool,
            Arena::allocate("weights", compiled.weights.size_bytes, state.config.memory_alignment,
                            state.config.allocator, state.backend->device()));
  state.weights = std::make_shared<Arena>(std::move(pool));
  return fill_weights(compiled.graph, compiled.weights, state.weights->data(), *state.threads,
                      state.backend->device());
}

core::Result<std::shared_ptr<EngineState>> build_state(const EngineConfig& config,
                                                       graph::Graph graph) {
  auto state = std::make_shared<EngineState>();
  state->config = config;
  MI_ASSIGN(state->backend, backend_for(config));
  state->note_device_memory("device opened");
  if (state->config.allocator == nullptr) {
    ops::Device* device = state->backend->device();
    state->config.allocator = device == nullptr ? host_allocator() : device_allocator(*device);
  }
  MI_TRY(make_threads(*state));
  MI_TRY(plan_engine(*state, std::move(graph)));
  MI_TRY(make_weights(*state));
  state->note_device_memory("weights");
  for (const auto& pass : state->compiled.passes) {
    state->pass_times.push_back(
        {pass.name, pass.nodes_before, pass.nodes_after, pass.milliseconds});
  }
  return state;
}

// For what is not in a pool: pointers, kernels, names.
Status out_of_host_memory(const std::string& where) {
  return {Status::ERROR_OUT_OF_MEMORY, where + ": the host has no memory left"};
}

// Whether the backend has a kernel for every step.
DeviceSupport support_of(std::string device, core::Result<std::unique_ptr<ops::Backend>> backend,
                         EngineState& state) {
  if (!backend.ok()) {
    return {.device = std::move(device), .runs = {}, .reason = backend.status().message()};
  }
  state.backend = std::move(backend).value();
  const Status bound = bind_steps(state);
  state.steps.clear();  // they may hold what is the backend's
  state.packed.clear();
  return {.device = std::move(device), .runs = bound.ok(), .reason = bound.message()};
}

// What the caller brings for the activations of a context.
Status check_callers_memory(const EngineState& state, std::span<const std::byte> memory) {
  const std::size_t bytes = state.compiled.plan.total_memory;
  const std::size_t alignment = state.config.memory_alignment;
  const std::string expected = "Engine::create_context: expected " + std::to_string(bytes) +
                               " bytes aligned to " + std::to_string(alignment) + ", was given ";
  const auto refuse = [](const std::string& message) {
    return Status(Status::ERROR_INVALID_ARGUMENT, message);
  };
  if (memory.size() < bytes) return refuse(expected + std::to_string(memory.size()) + " bytes");
  if (bytes == 0) return Status::SUCCESS;
  if (memory.data() == nullptr) return refuse(expected + "null");
  if (const auto past = reinterpret_cast<std::uintptr_t>(memory.data()) % alignment; past != 0) {
    return refuse(expected + "an address that is " + std::to_string(past) +
                  " bytes past a multiple of " + std::to_string(alignment));
  }
  const ops::Device* device = state.backend->device();
  if (device == nullptr) return Status::SUCCESS;
  return device->check_reach(memory.data()).with_context("Engine::create_context");
}

Status check_built(const std::shared_ptr<const EngineState>& state) {
  if (state != nullptr) return state->check_process();
  return {Status::ERROR_INVALID_ARGUMENT, "Engine::create_context: build the engine first"};
}

// Before build, an engine of nothing.
const EngineState& or_empty(const std::shared_ptr<const EngineState>& state) {
  static const EngineState empty;
  return state == nullptr ? empty : *state;
}

}  // namespace

Engine::Engine(EngineConfig config) : config_(std::move(config)) {}
Engine::~Engine() = default;
Engine::Engine(Engine&&) noexcept = default;
Engine& Engine::operator=(Engine&&) noexcept = default;

Status Engine::build(std::shared_ptr<graph::Graph> graph) try {
  if (graph == nullptr)
    return {Status::ERROR_INVALID_ARGUMENT, "Engine::build: no graph was given"};
  const core::FloatEnvironment ours;
  first_context_.reset();
  state_.reset();
  graph::Graph copy = *graph;
  graph.reset();  // if nobody else holds it, constants can go as soon as they are packed
  MI_ASSIGN(const auto state, build_state(config_, std::move(copy)));
  state_ = state;
  if (config_.caller_memory) return Status::SUCCESS;
  auto context = create_context();
  if (!context.ok()) {
    state_.reset();
    return context.status();
  }
  first_context_ = std::move(context).value();
  state->note_device_memory("first context");
  return Status::SUCCESS;
} catch (const std::bad_alloc&) {
  state_.reset();
  return out_of_host_memory("Engine::build");
}

core::Result<MemoryPlan> Engine::plan(const EngineConfig& config, const graph::Graph& graph) try {
  const core::FloatEnvironment ours;
  EngineState state;
  state.config = config;
  MI_ASSIGN(state.backend, config.device == core::Device::kCpu ? make_planning_backend(config.cpu)
                                                               : backend_for(config));
  MI_TRY(plan_engine(state, graph));
  return std::move(state.compiled.plan);
} catch (const std::bad_alloc&) {
  return out_of_host_memory("Engine::plan");
}

core::Result<MemoryPlan> Engine::plan_for_absent_device(const EngineConfig& config,
                                                        const graph::Graph& graph,
                                                        const std::string& device_properties) try {
  const core::FloatEnvironment ours;
  EngineState state;
  state.config = config;
  state.config.device = core::Device::kCuda;
  ops::CudaRequest request = cuda_request(config);
  request.device_properties = device_properties.c_str();
  MI_ASSIGN(state.backend, open_cuda_backend(request));
  MI_TRY(plan_engine(state, graph));
  return std::move(state.compiled.plan);
} catch (const std::bad_alloc&) {
  return out_of_host_memory("Engine::plan_for_absent_device");
}

core::Result<PlanForDevices> plan_for_devices(const graph::Graph& graph,
                                              const PlanningOptions& options) try {
  const core::FloatEnvironment ours;
  EngineState state;
  MI_ASSIGN(state.compiled, compile(graph, options));
  prepare_binding(state);
  PlanForDevices all{.plan = state.compiled.plan, .devices = {}};
  all.devices.push_back(support_of("cpu", make_cpu_backend(CpuConfig{}), state));
  EngineConfig cuda;
  cuda.precision = options.precision;
  ops::CudaRequest request = cuda_request(cuda);
  request.want = ops::CudaRequest::Want::kBackendWithoutDevice;
  all.devices.push_back(support_of("cuda", open_cuda_backend(request), state));
  return all;
} catch (const std::bad_alloc&) {
  return out_of_host_memory("plan_for_devices");
}

ExecutionContext* Engine::context() const { return first_context_.get(); }

core::Result<std::unique_ptr<ExecutionContext>> Engine::create_context() const try {
  const core::FloatEnvironment ours;
  MI_TRY(check_built(state_));
  MI_ASSIGN(Arena arena,
            Arena::allocate("activations", activation_bytes(), state_->config.memory_alignment,
                            state_->config.allocator, state_->backend->device()));
  return make_context(std::move(arena), Turns());
} catch (const std::bad_alloc&) {
  return out_of_host_memory("Engine::create_context");
}

core::Result<std::unique_ptr<ExecutionContext>> Engine::create_context(
    std::span<std::byte> memory) const try {
  const core::FloatEnvironment ours;
  MI_TRY(check_built(state_));
  MI_TRY(check_callers_memory(*state_, memory));
  return make_context(Arena::borrow(memory.data(), activation_bytes()), Turns());
} catch (const std::bad_alloc&) {
  return out_of_host_memory("Engine::create_context");
}

core::Result<std::unique_ptr<ExecutionContext>> Engine::create_context(
    std::shared_ptr<SharedArena> arena) const try {
  const auto refuse = [](const std::string& what) {
    return Status(Status::ERROR_INVALID_ARGUMENT, "Engine::create_context: " + what);
  };
  const core::FloatEnvironment ours;
  MI_TRY(check_built(state_));
  if (arena == nullptr) return refuse("no arena was given");
  if (state_->config.poison_memory) return refuse("poison_memory needs an arena of its own");
  SharedArenaState& shared = *arena->state_;
  ArenaPart* part = shared.part_for(*state_);
  if (part == nullptr) return refuse("the parallel arena was made for other engines");
  if (activation_bytes() > part->bytes || state_->config.memory_alignment > shared.alignment) {
    return refuse("expected a shared arena of " + std::to_string(activation_bytes()) +
                  " bytes aligned to " + std::to_string(state_->config.memory_alignment) +
                  ", was given " + std::to_string(part->bytes) + " aligned to " +
                  std::to_string(shared.alignment));
  }
  const ops::Device* device = shared.engine->backend->device();
  const std::string owner = device == nullptr ? "cpu" : std::string(device->name());
  if (owner != device_name()) {
    return refuse("expected a shared arena on " + device_name() + ", was given one on " + owner);
  }
  return make_context(Arena::borrow(shared.arena.data() + part->offset, activation_bytes()),
                      Turns(std::move(arena), *part));
} catch (const std::bad_alloc&) {
  return out_of_host_memory("Engine::create_context");
}

core::Result<std::unique_ptr<ExecutionContext>> Engine::make_context(Arena arena,
                                                                     Turns turns) const {
  MI_ASSIGN(std::unique_ptr<ContextState> state,
            ContextState::create(state_, std::move(arena), std::move(turns)));
  return std::unique_ptr<ExecutionContext>(new ExecutionContext(std::move(state)));
}

std::string Engine::device_name() const {
  if (state_ == nullptr) return "";
  const ops::Device* device = state_->backend->device();
  return device == nullptr ? "cpu" : std::string(device->name());
}
std::vector<DeviceMemory> Engine::device_memory() const {
  std::vector<DeviceMemory> moments = or_empty(state_).device_memory;
  if (!moments.empty()) {
    moments.push_back(state_->memory_of(*state_->backend->device(), "now"));
  }
  return moments;
}
int Engine::threads() const { return state_ == nullptr ? 0 : state_->threads->size(); }
const std::string& Engine::threads_decided_by() const {
  return or_empty(state_).threads_decided_by;
}
core::InstructionSet Engine::instruction_set() const { return or_empty(state_).instruction_set; }
std::size_t Engine::activation_bytes() const { return memory_plan().total_memory; }
std::size_t Engine::weights_bytes() const { return memory_plan().weights_bytes; }
const MemoryPlan& Engine::memory_plan() const { return or_empty(state_).compiled.plan; }
const std::vector<TensorInfo>& Engine::inputs() const { return or_empty(state_).inputs; }
const std::vector<TensorInfo>& Engine::outputs() const { return or_empty(state_).outputs; }
const std::vector<PassTime>& Engine::pass_times() const { return or_empty(state_).pass_times; }
const graph::Graph& Engine::graph() const { return or_empty(state_).compiled.graph; }

}  // namespace mini_infer::runtime
