#include "mini_infer/runtime/shared_arena.h"

#include <algorithm>
#include <string>

#include "core/try.h"
#include "runtime/shared_arena_state.h"

namespace mini_infer::runtime {

using core::Status;

core::Result<std::shared_ptr<SharedArena>> SharedArena::create(
    std::span<const Engine* const> engines) {
  auto state = std::make_unique<SharedArenaState>();
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < engines.size(); ++i) {
    const auto refuse = [i](const std::string& what) {
      return Status(Status::ERROR_INVALID_ARGUMENT,
                    "SharedArena::create: engine " + std::to_string(i) + " " + what);
    };
    if (engines[i] == nullptr || engines[i]->state_ == nullptr) return refuse("is not built");
    const std::string device = engines[i]->device_name();
    const std::string expected = engines.front()->device_name();
    if (device != expected) {
      return refuse("is on " + device + ", expected " + expected + " as of engine 0");
    }
    bytes = std::max(bytes, engines[i]->activation_bytes());
    state->alignment = std::max(state->alignment, engines[i]->state_->config.memory_alignment);
  }
  if (engines.empty()) {
    return Status(Status::ERROR_INVALID_ARGUMENT, "SharedArena::create: no engine was given");
  }
  state->engine = engines.front()->state_;
  MI_ASSIGN(state->arena,
            Arena::allocate("activations", bytes, state->alignment, state->engine->config.allocator,
                            state->engine->backend->device()));
  return std::shared_ptr<SharedArena>(new SharedArena(std::move(state)));
}

SharedArena::SharedArena(std::unique_ptr<SharedArenaState> state) : state_(std::move(state)) {}
SharedArena::~SharedArena() = default;

std::size_t SharedArena::size_bytes() const { return state_->arena.size(); }

}  // namespace mini_infer::runtime
