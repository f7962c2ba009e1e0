#pragma once

#include <cuda_runtime.h>

#include <cstdint>

namespace mini_infer::cuda {

// The index along the innermost axis of a place counted in elements; `place` then counts in steps
// of the next axis.
__device__ inline std::int64_t take_axis(std::uint64_t& place, std::int64_t extent) {
  const auto divisor = static_cast<std::uint64_t>(extent);
  std::uint64_t next;
  // Most tensors fit 32 bits, and a division takes a fraction of the time there.
  if (place >> 32 == 0 && divisor >> 32 == 0) {
    next = static_cast<std::uint32_t>(place) / static_cast<std::uint32_t>(divisor);
  } else {
    next = place / divisor;
  }
  const auto index = static_cast<std::int64_t>(place - next * divisor);
  place = next;
  return index;
}

}  // namespace mini_infer::cuda
