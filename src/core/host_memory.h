#pragma once

#include <cstddef>

namespace mini_infer::core {

// Bytes the system could hand out without swapping (MemAvailable of proc(5)); where it does not
// say, no limit is known and the largest number is returned.
std::size_t available_host_bytes();

inline constexpr std::size_t kLargePage = 2 * 1024 * 1024;
// Less memory is left in small pages.
inline constexpr std::size_t kFewestLargeBytes = 2 * kLargePage;

// Asks the system to back this memory with large pages: fewer faults while it is filled, fewer
// misses of the translation cache while it is read. Changes nothing else.
void prefer_large_pages(void* memory, std::size_t bytes);

}  // namespace mini_infer::core
