#pragma once

#include <cuda_runtime.h>

#include <type_traits>

#include "cuda/hints.h"
#include "ops/block_sum.h"

// Long sums of one thread, added up as ops/block_sum.h has it.
namespace mini_infer::cuda {

// kCount sums of equally many terms. What is added to `at` is one block until close() is called;
// what is no float is added up without blocks. kTotals: there may be more than a section.
template <typename Sum, int kCount, bool kTotals = true>
class BlockedSums {
  static constexpr bool kBlocks = std::is_same_v<Sum, float>;
  struct None {};

 public:
  Sum at[kCount] = {};

  __device__ void close() {
    if constexpr (kBlocks) {
      MI_UNROLL
      for (int i = 0; i < kCount; ++i) {
        section_[i] += at[i];
        at[i] = 0;
      }
      if constexpr (kTotals) {
        if (++closed_ % ops::kSumSection == 0) close_section();
      }
    }
  }

  __device__ Sum sum(int i) const {
    if constexpr (!kBlocks) {
      return at[i];
    } else {
      const float rest = section_[i] + at[i];
      if constexpr (kTotals) {
        if (closed_ >= ops::kSumSection) {
          return static_cast<float>(total_[i] + static_cast<double>(rest));
        }
      }
      return rest;
    }
  }

 private:
  __device__ void close_section() {
    MI_UNROLL
    for (int i = 0; i < kCount; ++i) {
      total_[i] += static_cast<double>(section_[i]);
      section_[i] = 0;
    }
  }

  template <typename Number, bool kHas>
  using If = std::conditional_t<kHas, Number[kCount], None>;
  If<float, kBlocks> section_ = {};
  If<double, kBlocks&& kTotals> total_ = {};
  int closed_ = 0;  // blocks
};

// One sum, term by term.
class LongSum {
 public:
  __device__ void add(float term) {
    sums_.at[0] += term;
    if (++terms_ < ops::kSumBlock) return;
    sums_.close();
    terms_ = 0;
  }
  __device__ float sum() const { return sums_.sum(0); }

 private:
  BlockedSums<float, 1> sums_;
  int terms_ = 0;
};

}  // namespace mini_infer::cuda
