#pragma once

#include <cstdint>
#include <mutex>

#include "mini_infer/core/export.h"

namespace mini_infer::core {

// Tells a forked child from its parent: the number of forks between the process that first called
// one of these functions and this one. What was made under another number has no threads here, and
// its CUDA device cannot be used. A call costs one load. Thread-safe.
MINI_INFER_API std::uint32_t process_number();

// fork() waits for this mutex, so that a child finds whole what the mutex guards. Do not fork while
// you hold it.
MINI_INFER_API std::mutex& fork_mutex();

}  // namespace mini_infer::core
