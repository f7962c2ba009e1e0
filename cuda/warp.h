#pragma once

#include <cuda_runtime.h>

#include "ops/functor.h"

// What the threads of a warp find out together; every one of them gets the result.
namespace mini_infer::cuda {

constexpr int kLanes = 32;

__device__ inline float warp_largest(float x) {
  for (int lanes = kLanes / 2; lanes > 0; lanes /= 2) {
    x = ops::Max{}(x, __shfl_xor_sync(0xffffffffu, x, lanes));
  }
  return x;
}

__device__ inline float warp_sum(float x) {
  for (int lanes = kLanes / 2; lanes > 0; lanes /= 2) {
    x += __shfl_xor_sync(0xffffffffu, x, lanes);
  }
  return x;
}

}  // namespace mini_infer::cuda
