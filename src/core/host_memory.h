#pragma once

#include <cstddef>
#include <filesystem>

namespace mini_infer::core {

// Bytes that this process could take without swapping: what the system could hand out (MemAvailable
// of proc(5)), or less where a control group limits the process (cgroup.h, also for `root`). The
// largest number where no limit is known.
std::size_t available_host_bytes(const std::filesystem::path& root = "/");

// Whether so many bytes can be taken. A system that promises more than it has would let us begin,
// and end the process later. To ask takes time: fewer bytes than `ask_from` are taken to fit.
bool fits_host(std::size_t bytes, std::size_t ask_from, const std::filesystem::path& root = "/");

inline constexpr std::size_t kLargePage = 2 * 1024 * 1024;
// Less memory is left in small pages.
inline constexpr std::size_t kFewestLargeBytes = 2 * kLargePage;

// Asks the system to back this memory with large pages: fewer faults while it is filled, fewer
// misses of the translation cache while it is read. Changes nothing else.
void prefer_large_pages(void* memory, std::size_t bytes);

}  // namespace mini_infer::core
