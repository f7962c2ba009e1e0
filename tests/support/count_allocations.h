#pragma once

#include <cstddef>

namespace mini_infer::test {

// Calls of any operator new in this process so far; the test executable replaces them.
std::size_t allocations();

// Bytes that are allocated by them now; the peak is counted anew from here.
std::size_t start_of_peak();
// The most bytes that were allocated at once since.
std::size_t peak_bytes();

}  // namespace mini_infer::test
