#pragma once

#include <cstdint>

namespace mini_infer::core {

// 64 bits to 64 others, one to one, for hashes: the mixer of splitmix64 (Steele, Lea, Flood, OOPSLA
// 2014).
inline std::uint64_t mix(std::uint64_t x) {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
  return x ^ (x >> 31);
}

}  // namespace mini_infer::core
