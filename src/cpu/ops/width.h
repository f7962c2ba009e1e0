#pragma once

#include <cstdint>

#include "ops/backend.h"

namespace mini_infer::cpu {

struct Bits128 {
  std::uint64_t low;
  std::uint64_t high;
};

// bind(T{}) for the T as wide as one element: how kernels that only move elements serve every type
// of whole bytes.
template <typename Bind>
core::Result<ops::Kernel> for_width(const ops::NodeView& view, core::DataType type, Bind bind) {
  switch (core::bits_per_element(type)) {
    case 8:
      return bind(std::uint8_t{});
    case 16:
      return bind(std::uint16_t{});
    case 32:
      return bind(std::uint32_t{});
    case 64:
      return bind(std::uint64_t{});
    case 128:
      return bind(Bits128{});
    default:
      return view.unsupported_type(type);
  }
}

}  // namespace mini_infer::cpu
