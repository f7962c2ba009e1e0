#pragma once

#include <cstdint>
#include <mutex>

#include "mini_infer/runtime/shared_arena.h"
#include "runtime/arena.h"
#include "runtime/engine_state.h"

namespace mini_infer::runtime {

struct SharedArenaState {
  std::shared_ptr<const EngineState> engine;  // whose device and allocator the arena is of
  Arena arena;
  std::size_t alignment = 0;

  // What follows is guarded by it; and so are bytes that are written outside of runs.
  std::mutex mutex;
  std::uint64_t contexts = 0;  // that were made; they are numbered from 1
  std::uint64_t holder = 0;    // the context whose turn it is; 0: nobody's yet
  bool running = false;
  int leases = 0;  // of the holder's outputs
};

}  // namespace mini_infer::runtime
