#pragma once

#include <cstddef>

namespace mini_infer::core {

// Bytes the system could hand out without swapping (MemAvailable of proc(5)); where it does not
// say, no limit is known and the largest number is returned.
std::size_t available_host_bytes();

// Asks the system to back this memory with large pages: fewer faults while it is filled, fewer
// misses of the translation cache while it is read. Changes nothing else; small memory is left
// alone.
void prefer_large_pages(void* memory, std::size_t bytes);

}  // namespace mini_infer::core
