#pragma once

#include <cstddef>
#include <optional>

namespace mini_infer::cli {

// What the kernel counts for this process, in bytes. Unset where it does not say.
struct ProcessMemory {
  std::optional<std::size_t> resident;       // VmRSS
  std::optional<std::size_t> peak_resident;  // VmHWM
};

ProcessMemory process_memory();

}  // namespace mini_infer::cli
