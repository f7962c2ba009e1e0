#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "mini_infer/core/status.h"

namespace mini_infer::runtime {

// Bytes of memory that a context uses, and what it uses them for.
struct AddressRange {
  enum class Use { kInput, kOutput, kPool };
  Use use = Use::kPool;
  std::string_view name;  // of the tensor or of the pool
  const void* begin = nullptr;
  std::size_t bytes = 0;  // 0: nothing is bound, or the tensor has no elements
};

// Whether the range at the index `changed` may be used beside all others. An output shares no byte
// with anything; an input may share bytes with other inputs. Addresses are compared as numbers:
// memory that is mapped at two addresses is not recognised. ERROR_INVALID_ARGUMENT names both
// ranges and the bytes that they share.
[[nodiscard]] core::Status check_binding(std::span<const AddressRange> ranges, std::size_t changed);

}  // namespace mini_infer::runtime
