#pragma once

#include "cuda/blocked_sums.h"
#include "cuda/team.h"
#include "ops/functor.h"

// Statistics of a Row, known to all threads of its team.
namespace mini_infer::cuda {

template <typename Team, typename Row>
__device__ float mean_of(const Team& team, const Row& row, std::int64_t count) {
  LongSum sum;
  row.visit([&](float element) { sum.add(element); });
  return team.join(sum.sum(), ops::Add{}) / static_cast<float>(count);
}

// Of the whole population.
template <typename Team, typename Row>
__device__ float variance_of(const Team& team, const Row& row, std::int64_t count, float mean) {
  LongSum squares;
  row.visit([&](float element) { squares.add((element - mean) * (element - mean)); });
  return team.join(squares.sum(), ops::Add{}) / static_cast<float>(count);
}

}  // namespace mini_infer::cuda
