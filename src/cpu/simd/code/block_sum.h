#pragma once

#include "cpu/simd/code/vector.h"
#include "ops/block_sum.h"

namespace mini_infer::cpu::MI_ISA {

using Doubles = double __attribute__((vector_size(kLanes * sizeof(double))));

// Adds up blocks of a sum, as ops/block_sum.h has it.
class BlockSum {
 public:
  MI_MEMBER void add(Vector block) {
    section_ += block;
    if (++blocks_ % ops::kSumSection > 0) return;
    total_ += __builtin_convertvector(section_, Doubles);
    section_ = Vector{};
  }

  MI_MEMBER Vector sum() const {
    if (blocks_ < ops::kSumSection) return section_;
    return __builtin_convertvector(total_ + __builtin_convertvector(section_, Doubles), Vector);
  }

 private:
  std::int64_t blocks_ = 0;
  Vector section_ = {};
  Doubles total_ = {};
};

}  // namespace mini_infer::cpu::MI_ISA
