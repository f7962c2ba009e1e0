#pragma once

#include <cstddef>

namespace mini_infer::test {

// Calls of any operator new in this process so far; the test executable replaces them.
std::size_t allocations();

}  // namespace mini_infer::test
