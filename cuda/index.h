#pragma once

#include <cuda_runtime.h>

#include <span>

#include "cuda/fault.h"

namespace mini_infer::cuda {

// Where an index from [-extent, extent) is. Outside, a fault is raised, and the place is -1.
__device__ inline std::int64_t place_of(std::int64_t index, std::int64_t extent,
                                        const Fault& fault) {
  if (index < -extent || index >= extent) {
    fault.raise();
    return -1;
  }
  return index < 0 ? index + extent : index;
}

// What such a fault means where indices are of axes of these extents.
[[nodiscard]] inline core::Status index_fault(const ops::NodeView& view,
                                              std::span<const std::int64_t> extents) {
  std::string text = "an index is outside an axis of extent ";
  for (std::size_t i = 0; i < extents.size(); ++i) {
    text += (i == 0 ? "" : " or ") + std::to_string(extents[i]);
  }
  return view.fail(core::Status::ERROR_RUNTIME, text);
}

}  // namespace mini_infer::cuda
