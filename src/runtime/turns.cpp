#include "runtime/turns.h"

#include <utility>

#include "core/try.h"
#include "runtime/shared_arena_state.h"

namespace mini_infer::runtime {

using core::Status;

Turns::Turns(std::shared_ptr<SharedArena> arena, ArenaPart& part)
    : arena_(std::move(arena)), part_(&part) {
  const std::lock_guard lock(part.mutex);
  number_ = ++part.contexts;
}

Status Turns::check_free() const {
  if (part_->holder == number_) return Status::SUCCESS;
  if (part_->running) {
    return {Status::ERROR_BUSY,
            "another context is running in the arena that this one shares; let it finish first"};
  }
  if (part_->leases > 0) {
    return {Status::ERROR_BUSY,
            "outputs of another context in the arena that this one shares are "
            "still leased; let them go first"};
  }
  return Status::SUCCESS;
}

bool Turns::lost() const {
  if (part_ == nullptr) return false;
  const std::lock_guard lock(part_->mutex);
  return part_->holder != number_;
}

core::Result<Turns::Taken> Turns::take() {
  if (part_ == nullptr) return Taken();
  std::unique_lock lock(part_->mutex);
  MI_TRY(check_free());
  const bool lost = std::exchange(part_->holder, number_) != number_;
  return Taken{std::move(lock), lost};
}

core::Result<bool> Turns::begin_run(bool needs) {
  if (part_ == nullptr) return true;
  const std::lock_guard lock(part_->mutex);
  MI_TRY(check_free());
  if (needs && part_->holder != number_) return false;
  part_->holder = number_;
  part_->running = true;
  return true;
}

void Turns::end_run() {
  if (part_ == nullptr) return;
  const std::lock_guard lock(part_->mutex);
  part_->running = false;
}

Status Turns::line_up(ops::Device& device, ops::Queue queue, ops::Event done,
                      const std::function<Status()>& hand_over) {
  if (part_ == nullptr) return hand_over();
  const std::lock_guard lock(part_->mutex);
  if (part_->last_run != nullptr) MI_TRY(device.wait_for(part_->last_run, queue));
  const Status handed = hand_over();
  // Behind a part of a run too.
  MI_TRY(device.record_event(done, queue));
  part_->last_run = done;
  return handed;
}

void Turns::leave_line(ops::Event done) {
  if (part_ == nullptr) return;
  const std::lock_guard lock(part_->mutex);
  if (part_->last_run == done) part_->last_run = nullptr;
}

bool Turns::lease() {
  if (part_ == nullptr) return true;
  const std::lock_guard lock(part_->mutex);
  if (part_->holder != number_) return false;
  ++part_->leases;
  return true;
}

void Turns::end_lease() {
  if (part_ == nullptr) return;
  const std::lock_guard lock(part_->mutex);
  --part_->leases;
}

}  // namespace mini_infer::runtime
