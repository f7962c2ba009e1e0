#pragma once

#include <cmath>
#include <cstdint>

#include "cpu/simd/table.h"

// Statistics of floats, added up in double: there may be a million of them far from zero.
namespace mini_infer::cpu {

struct Moments {
  double mean = 0;
  double variance = 0;  // of the whole population

  float inverse_deviation(float epsilon) const {
    return static_cast<float>(1.0 / std::sqrt(variance + static_cast<double>(epsilon)));
  }
};

inline Moments moments_of(const FloatLoops& loops, const Runs& runs) {
  const auto count = static_cast<double>(runs.elements());
  const double mean = loops.sum(runs, 0) / count;
  return {mean, loops.sum_of_squares(runs, mean) / count};
}

}  // namespace mini_infer::cpu
