#pragma once

#include <cstddef>

namespace mini_infer::core {

// Bytes the system could hand out without swapping (MemAvailable of proc(5)); where it does not
// say, no limit is known and the largest number is returned.
std::size_t available_host_bytes();

}  // namespace mini_infer::core
