#include "runtime/turns.h"

#include <utility>

#include "core/try.h"
#include "runtime/shared_arena_state.h"

namespace mini_infer::runtime {

using core::Status;

Turns::Turns(std::shared_ptr<SharedArena> arena, SharedArenaState& state)
    : arena_(std::move(arena)), state_(&state) {
  const std::lock_guard lock(state.mutex);
  number_ = ++state.contexts;
}

Status Turns::check_free() const {
  if (state_->holder == number_) return Status::SUCCESS;
  if (state_->running) {
    return {Status::ERROR_BUSY,
            "another context is running in the arena that this one shares; let it finish "
            "(synchronize) first"};
  }
  if (state_->leases > 0) {
    return {Status::ERROR_BUSY,
            "outputs of another context in the arena that this one shares are "
            "still leased; let them go first"};
  }
  return Status::SUCCESS;
}

bool Turns::lost() const {
  if (state_ == nullptr) return false;
  const std::lock_guard lock(state_->mutex);
  return state_->holder != number_;
}

core::Result<Turns::Taken> Turns::take() {
  if (state_ == nullptr) return Taken();
  std::unique_lock lock(state_->mutex);
  MI_TRY(check_free());
  const bool lost = std::exchange(state_->holder, number_) != number_;
  return Taken{std::move(lock), lost};
}

Status Turns::begin_run(bool needs) {
  if (state_ == nullptr) return Status::SUCCESS;
  const std::lock_guard lock(state_->mutex);
  MI_TRY(check_free());
  if (needs && state_->holder != number_) {
    return {Status::ERROR_BUSY,
            "another context took the arena that this one shares while it was about to run; set "
            "the inputs again"};
  }
  state_->holder = number_;
  state_->running = true;
  return Status::SUCCESS;
}

void Turns::end_run() {
  if (state_ == nullptr) return;
  const std::lock_guard lock(state_->mutex);
  state_->running = false;
}

bool Turns::lease() {
  if (state_ == nullptr) return true;
  const std::lock_guard lock(state_->mutex);
  if (state_->holder != number_) return false;
  ++state_->leases;
  return true;
}

void Turns::end_lease() {
  if (state_ == nullptr) return;
  const std::lock_guard lock(state_->mutex);
  --state_->leases;
}

}  // namespace mini_infer::runtime
