#pragma once

#include <string>
#include <vector>

namespace mini_infer::core {

// The processors on which the system lets this process run a thread, in ascending order: those of
// the machine, less what its container or cpuset withholds. Where the calling thread itself is
// bound does not matter, for a new thread may be bound elsewhere. Thread-safe.
std::vector<int> usable_processors();

// "0-3, 8"
std::string processor_ranges(const std::vector<int>& ascending);

}  // namespace mini_infer::core
