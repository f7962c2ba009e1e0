#pragma once

#include <algorithm>
#include <initializer_list>

#include "cuda/pack.h"
#include "ops/backend.h"

// Operators that only move elements see none: they move units of 1 to 16 bytes, the widest that
// every place they read and write is a multiple of.
namespace mini_infer::cuda {

using Unit16 = Pack<std::uint32_t>;

// Bytes of one element; kernels serve types of whole bytes.
inline core::Result<std::int64_t> element_bytes(const ops::NodeView& view, core::DataType type) {
  const int bits = core::bits_per_element(type);
  if (bits < 8 || bits > 128) return view.unsupported_type(type);
  return bits / 8;
}

// The widest unit of which each of `bytes` is a multiple. 0 is one of any.
inline std::int64_t widest_unit(std::initializer_list<std::int64_t> bytes) {
  std::int64_t all = 16;
  for (std::int64_t amount : bytes) all |= amount;
  return all & -all;
}

// bind(T{}) for the T that is a unit of so many bytes.
template <typename Bind>
ops::Kernel for_unit(std::int64_t bytes, Bind bind) {
  switch (bytes) {
    case 1:
      return bind(std::uint8_t{});
    case 2:
      return bind(std::uint16_t{});
    case 4:
      return bind(std::uint32_t{});
    case 8:
      return bind(std::uint64_t{});
    default:
      return bind(Unit16{});
  }
}

}  // namespace mini_infer::cuda
