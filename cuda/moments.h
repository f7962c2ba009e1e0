#pragma once

#include "cuda/team.h"
#include "ops/functor.h"

// Statistics of a Row, known to all threads of its team.
namespace mini_infer::cuda {

template <typename Team, typename Row>
__device__ float mean_of(const Team& team, const Row& row, std::int64_t count) {
  float sum = 0;
  row.visit([&](float element) { sum += element; });
  return team.join(sum, ops::Add{}) / static_cast<float>(count);
}

// Of the whole population.
template <typename Team, typename Row>
__device__ float variance_of(const Team& team, const Row& row, std::int64_t count, float mean) {
  float squares = 0;
  row.visit([&](float element) { squares += (element - mean) * (element - mean); });
  return team.join(squares, ops::Add{}) / static_cast<float>(count);
}

}  // namespace mini_infer::cuda
