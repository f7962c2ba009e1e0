#pragma once

#include "cpu/simd/code/activate.h"
#include "cpu/simd/code/vector.h"

namespace mini_infer::cpu::MI_ISA {

// What becomes of a vector of sums: + bias + residual, and the activation if it is an interval.
class Finish {
 public:
  MI_INLINE_LAMBDA explicit Finish(const ops::Activation& activation) {
    const Clamp clamp = clamp_of(activation);
    lowest_ = broadcast(clamp.lowest);
    highest_ = broadcast(clamp.highest);
  }

  // `residual` may be null.
  template <typename Vectors>
  MI_INLINE_LAMBDA Vector operator()(Vector sum, Vector bias, const float* residual,
                                     Vectors vectors) const {
    sum += bias;
    if (residual != nullptr) sum += vectors.get(residual);
    return at_most(at_least(sum, lowest_), highest_);
  }

 private:
  Vector lowest_, highest_;
};

template <typename Vectors>
MI_INLINE Vector bias_at(const float* bias, std::int64_t at, Vectors vectors) {
  return bias == nullptr ? Vector{} : vectors.get(bias + at);
}

}  // namespace mini_infer::cpu::MI_ISA
