#pragma once

#include <optional>
#include <vector>

#include "ops/backend.h"
#include "runtime/weights.h"

namespace mini_infer::runtime {

struct ContextState;
struct EngineState;

// A step of a device's plan that the CPU computes. What it reads is copied to a block of the host's
// memory, which such steps use one after the other, and what it writes back.
struct HostStep {
  // A tensor's bytes in the block; with rows apart, what lies between them comes along.
  struct Part {
    std::size_t slot = 0;
    std::size_t offset = 0;
    std::size_t bytes = 0;
    bool rows_apart = false;
  };
  std::vector<Part> inputs;
  std::vector<Part> outputs;
  std::size_t workspace_offset = 0;
  std::size_t workspace_bytes = 0;
  std::size_t block_bytes = 0;

  // A constant, where it lies in EngineState::host_weights.
  struct Constant {
    graph::ValueId value = graph::kNoValue;
    std::size_t slot = 0;
    std::size_t offset = 0;
    std::size_t bytes = 0;
    std::optional<ops::PackedInput> packed;
  };
  std::vector<Constant> constants;

  std::size_t copied_bytes() const;  // in one run
};

// A kernel of the CPU for a step of the plan, with its constants behind `weights_bytes`, which
// grows.
struct HostBinding {
  ops::Kernel kernel;
  HostStep step;
};
core::Result<HostBinding> bind_on_host(const EngineState& state, graph::NodeId id,
                                       std::size_t& weights_bytes);

// Says to the device's pool of weights that these constants are not its own.
std::vector<ops::PackedInput> kept_on_host(const HostStep& step);

// Takes the pool of their constants and writes it; before the graph lets go of them.
[[nodiscard]] core::Status make_host_weights(EngineState& state);

// What the host is called with when such a step's turn comes, in each run of a context.
struct HostCall {
  const ops::Kernel::Run* run = nullptr;
  std::string name;  // "Transpose 'node'"
  std::vector<const void*> inputs;
  std::vector<void*> outputs;
  std::span<std::byte> workspace;
  core::ThreadPool* threads = nullptr;
  std::uint32_t* fault = nullptr;
  std::uint32_t fault_code = 0;
  core::Status status;  // of the last run, where it failed
};

// By step; null where the device computes it.
std::vector<std::unique_ptr<HostCall>> make_host_calls(const ContextState& state);

// Hands the copies and the call to the queue of `on_device`, which says where the step's tensors
// are there.
[[nodiscard]] core::Status enqueue_host_step(const ContextState& state, std::size_t step,
                                             const ops::KernelArgs& on_device);

}  // namespace mini_infer::runtime
