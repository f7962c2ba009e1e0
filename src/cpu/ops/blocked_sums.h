#pragma once

#include <cstdint>

#include "ops/block_sum.h"

namespace mini_infer::cpu {

// Sums side by side, each of the same number of terms, added up as ops/block_sum.h has it.
template <int kSums>
class BlockedSums {
 public:
  // What term number `term` is added to. Terms come in order; where one is 0 it may be left out.
  float* at(std::int64_t term) {
    while (term >= (closed_ + 1) * ops::kSumBlock) close_block();
    return block_;
  }

  // All terms.
  float* finish() {
    if (closed_ % ops::kSumSection > 0) {
      for (int i = 0; i < kSums; ++i) block_[i] += section_[i];
    }
    if (closed_ >= ops::kSumSection) {
      for (int i = 0; i < kSums; ++i) {
        block_[i] = static_cast<float>(total_[i] + static_cast<double>(block_[i]));
      }
    }
    return block_;
  }

 private:
  void close_block() {
    const bool first = closed_ % ops::kSumSection == 0;
    for (int i = 0; i < kSums; ++i) {
      section_[i] = first ? block_[i] : section_[i] + block_[i];
      block_[i] = 0;
    }
    if (++closed_ % ops::kSumSection == 0) close_section();
  }

  void close_section() {
    const bool first = closed_ == ops::kSumSection;
    for (int i = 0; i < kSums; ++i) {
      total_[i] = (first ? 0 : total_[i]) + static_cast<double>(section_[i]);
    }
  }

  std::int64_t closed_ = 0;  // blocks
  float block_[kSums] = {};
  float section_[kSums];
  double total_[kSums];
};

}  // namespace mini_infer::cpu
