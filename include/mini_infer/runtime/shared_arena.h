#pragma once

#include <cstddef>
#include <memory>
#include <span>

#include "mini_infer/core/export.h"
#include "mini_infer/core/status.h"

namespace mini_infer::runtime {

class Engine;
struct SharedArenaState;

// In which order the engines of a SharedArena run.
enum class ArenaSchedule {
  kExclusive,  // one at a time, in any order: the block is as large as the largest needs
  kParallel,   // all at once: it is the sum, each engine has a part of its own
};

// One block of activations for contexts of one engine or several. Made before the contexts, which
// keep it alive (Engine::create_context); engines that need no other context are built with
// EngineConfig::caller_memory. For engines that run one after the other and hand tensors on, see
// runtime/sequence.h.
//
// Contexts of one part, with kExclusive all of them, take turns. An engine that is to run twice at
// once is named twice, and has two parts; a new context joins the part that has fewest.
//
// A turn is enforced, never assumed. On the host a context begins one when it is given a staged
// input or runs, and the one before has then lost what it had in the block: its staged inputs have
// to be set again, its outputs are refused. While a run goes on, and while an output is leased,
// nobody else gets a turn: ERROR_BUSY, never a wait. On a device staged inputs and outputs are not
// in the block, so that only runs take turns: each waits on the device for the one before, in the
// order in which they are handed over, whatever the streams; the host waits for none. Safe from
// several threads.
class MINI_INFER_API SharedArena {
 public:
  // For these engines, which are built, on one device; the first one's allocator is asked once.
  // ERROR_INVALID_ARGUMENT names the engine that does not fit, ERROR_OUT_OF_MEMORY the bytes asked.
  static core::Result<std::shared_ptr<SharedArena>> create(
      std::span<const Engine* const> engines, ArenaSchedule schedule = ArenaSchedule::kExclusive);
  ~SharedArena();
  SharedArena(SharedArena&&) = delete;

  std::size_t size_bytes() const;

 private:
  friend class Engine;
  friend struct ContextState;
  explicit SharedArena(std::unique_ptr<SharedArenaState> state);
  std::unique_ptr<SharedArenaState> state_;
};

}  // namespace mini_infer::runtime
