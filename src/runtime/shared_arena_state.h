#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "mini_infer/runtime/shared_arena.h"
#include "runtime/arena.h"
#include "runtime/engine_state.h"

namespace mini_infer::runtime {

// Bytes of a shared arena in which one context at a time has its turn.
struct ArenaPart {
  std::shared_ptr<const EngineState> engine;  // whose contexts alone it is for; null: any that fit
  std::size_t offset = 0;
  std::size_t bytes = 0;

  // What follows is guarded by it; and so are bytes that are written outside of runs.
  std::mutex mutex;
  std::uint64_t contexts = 0;  // that were made; they are numbered from 1
  std::uint64_t holder = 0;    // the context whose turn it is; 0: nobody's yet
  bool running = false;
  int leases = 0;  // of the holder's outputs

  // On a device: behind the last run that was handed to any queue; null: there was none. Of the
  // context that ran.
  ops::Event last_run = nullptr;
};

struct SharedArenaState {
  std::shared_ptr<const EngineState> engine;  // whose device and allocator the arena is of
  Arena arena;
  std::size_t alignment = 0;
  std::vector<std::unique_ptr<ArenaPart>> parts;

  // For a context of this engine: of the parts it may have, the first with fewest; or nullptr.
  ArenaPart* part_for(const EngineState& wanted) const;
};

}  // namespace mini_infer::runtime
