#pragma once

#include <cstdint>
#include <string>

#include "core/try.h"
#include "mini_infer/graph/graph.h"

namespace mini_infer::cpu {

// `index` from [-extent, extent) to [0, extent).
template <typename Index>
std::int64_t wrap_index(Index index, std::int64_t extent) {
  return index < 0 ? index + extent : std::int64_t{index};
}

[[nodiscard]] inline core::Status index_error(const std::string& node, std::int64_t index,
                                              std::int64_t extent) {
  return {core::Status::ERROR_RUNTIME, node + ": index " + std::to_string(index) +
                                           " is outside an axis of extent " +
                                           std::to_string(extent)};
}

// Fails with `node` (graph::describe) and the first index outside [-extent, extent). Kernels ask
// before they read, and so never read out of bounds.
template <typename Index>
[[nodiscard]] core::Status check_indices(const std::string& node, const Index* indices,
                                         std::int64_t count, std::int64_t extent) {
  for (std::int64_t i = 0; i < count; ++i) {
    if (indices[i] < -extent || indices[i] >= extent) return index_error(node, indices[i], extent);
  }
  return core::Status::SUCCESS;
}

}  // namespace mini_infer::cpu
