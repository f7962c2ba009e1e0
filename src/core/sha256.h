#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "mini_infer/core/export.h"

namespace mini_infer::core {

// SHA-256 (FIPS 180-4).
//
//   Sha256 hash;
//   hash.add(bytes);
//   hash.hex();  // 64 hex digits
class MINI_INFER_API Sha256 {
 public:
  void add(std::span<const std::byte> bytes);
  // Of all that was added. Ends the calculation: add() may not be called any more.
  std::string hex();

 private:
  static constexpr std::size_t kBlock = 64;

  void compress(const std::byte* block);

  std::array<std::uint32_t, 8> state_ = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                         0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  std::array<std::byte, kBlock> rest_ = {};  // bytes that fill no block yet
  std::uint64_t bytes_ = 0;
};

}  // namespace mini_infer::core
