#pragma once

#include <algorithm>
#include <cstddef>
#include <span>

namespace mini_infer::importers {

// Whether all bytes are 0 or 1: kernels read them as bool, which can be nothing else.
inline bool are_bools(std::span<const std::byte> bytes) {
  return std::all_of(bytes.begin(), bytes.end(),
                     [](std::byte byte) { return byte <= std::byte{1}; });
}

}  // namespace mini_infer::importers
