#pragma once

#include <algorithm>
#include <cstdint>

#include "cuda/hints.h"
#include "cuda/launch.h"

// What most operators are on a device: something for each element of the output, one by one.
namespace mini_infer::cuda {

inline constexpr unsigned kThreads = 256;
// Enough blocks to fill any device; beyond, each thread does several elements.
inline constexpr std::int64_t kMostBlocks = 1 << 16;

inline unsigned blocks_for(std::int64_t items, std::int64_t per_block) {
  return static_cast<unsigned>(std::min(kMostBlocks, (items + per_block - 1) / per_block));
}

template <typename Body>
__global__ void each_kernel(Body body, std::int64_t count) {
  const std::int64_t step = static_cast<std::int64_t>(gridDim.x) * blockDim.x;
  std::int64_t i = static_cast<std::int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  for (; i < count; i += step) body(i);
}

// body(i) for each i in [0, count), in any order. `body` is a lambda marked MI_EACH, or a struct of
// plain values with a __device__ call operator.
template <typename Body>
[[nodiscard]] core::Status for_each(const char* name, std::int64_t count, ops::Queue queue,
                                    Body body) {
  return launch(name, each_kernel<Body>, {blocks_for(count, kThreads), kThreads}, queue, body,
                count);
}

#define MI_EACH [=] __device__

}  // namespace mini_infer::cuda
