#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>

#include "mini_infer/core/status.h"
#include "mini_infer/runtime/shared_arena.h"
#include "ops/device.h"

namespace mini_infer::runtime {

struct ArenaPart;

// A context's turns in its part of a SharedArena. Without one, of a context with an arena of its
// own, everything is granted and nothing is lost.
class Turns {
 public:
  Turns() = default;
  explicit Turns(std::shared_ptr<SharedArena> arena, ArenaPart& part);

  const SharedArena* arena() const { return arena_.get(); }  // null without one
  // Whether another context had a turn since this one's last.
  bool lost() const;
  // Takes the turn; nobody else can while the lock is held, so that bytes can be written. `lost`:
  // another context had one since, as lost() would have said. ERROR_BUSY.
  struct Taken {
    std::unique_lock<std::mutex> lock;
    bool lost = false;
  };
  core::Result<Taken> take();
  // On the host: takes the turn for a run, to be ended. `needs`: the run reads what was written
  // before; false, and no turn, where another context had one since. ERROR_BUSY.
  [[nodiscard]] core::Result<bool> begin_run(bool needs);
  void end_run();
  // On a device: a run, which hand_over() hands to the queue, waits there for the one before in
  // this part, and the next for this one, whose end `done` marks. The host waits for none.
  [[nodiscard]] core::Status line_up(ops::Device& device, ops::Queue queue, ops::Event done,
                                     const std::function<core::Status()>& hand_over);
  // Before the event goes, which nothing is pending for.
  void leave_line(ops::Event done);
  // Keeps the turn while an output in the block is looked at. False where it was lost.
  bool lease();
  void end_lease();

 private:
  [[nodiscard]] core::Status check_free() const;  // under the mutex

  std::shared_ptr<SharedArena> arena_;
  ArenaPart* part_ = nullptr;
  std::uint64_t number_ = 0;
};

}  // namespace mini_infer::runtime
