#include "mini_infer/runtime/shared_arena.h"

#include <algorithm>
#include <string>

#include "core/float_environment.h"
#include "core/try.h"
#include "runtime/shared_arena_state.h"

namespace mini_infer::runtime {

using core::Status;

namespace {

std::unique_ptr<ArenaPart> part_of(std::shared_ptr<const EngineState> engine, std::size_t offset,
                                   std::size_t bytes) {
  auto part = std::make_unique<ArenaPart>();
  part->engine = std::move(engine);
  part->offset = offset;
  part->bytes = bytes;
  return part;
}

}  // namespace

ArenaPart* SharedArenaState::part_for(const EngineState& wanted) const {
  ArenaPart* best = nullptr;
  std::uint64_t fewest = 0;
  for (const auto& part : parts) {
    if (part->engine != nullptr && part->engine.get() != &wanted) continue;
    const std::lock_guard lock(part->mutex);
    if (best != nullptr && part->contexts >= fewest) continue;
    best = part.get();
    fewest = part->contexts;
  }
  return best;
}

core::Result<std::shared_ptr<SharedArena>> SharedArena::create(
    std::span<const Engine* const> engines, ArenaSchedule schedule) {
  const core::FloatEnvironment ours;
  auto state = std::make_unique<SharedArenaState>();
  std::size_t largest = 0;
  for (std::size_t i = 0; i < engines.size(); ++i) {
    const auto refuse = [i](const std::string& what) {
      return Status(Status::ERROR_INVALID_ARGUMENT,
                    "SharedArena::create: engine " + std::to_string(i) + " " + what);
    };
    if (engines[i] == nullptr || engines[i]->state_ == nullptr) return refuse("is not built");
    MI_TRY(engines[i]->state_->check_process());
    const std::string device = engines[i]->device_name();
    const std::string expected = engines.front()->device_name();
    if (device != expected) {
      return refuse("is on " + device + ", expected " + expected + " as of engine 0");
    }
    largest = std::max(largest, engines[i]->activation_bytes());
    state->alignment = std::max(state->alignment, engines[i]->state_->config.memory_alignment);
  }
  if (engines.empty()) {
    return Status(Status::ERROR_INVALID_ARGUMENT, "SharedArena::create: no engine was given");
  }
  std::size_t bytes = 0;
  if (schedule == ArenaSchedule::kExclusive) {
    bytes = largest;
    state->parts.push_back(part_of(nullptr, 0, bytes));
  } else {
    for (const Engine* engine : engines) {
      bytes = core::align_up(bytes, state->alignment);
      state->parts.push_back(part_of(engine->state_, bytes, engine->activation_bytes()));
      bytes += engine->activation_bytes();
    }
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
