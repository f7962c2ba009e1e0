#include "cpu/simd/code/softmax.h"

#include "cpu/simd/code/vector.h"
#include "ops/block_sum.h"

namespace mini_infer::cpu::MI_ISA {
namespace {

constexpr int kBlock = kSoftmaxColumns;  // results that are kept side by side
constexpr float kLowest = -__builtin_inff();

// What becomes of an element, given the largest one of its row and the row's sum of
// exp(x - largest), which cannot overflow.
struct Softmax {
  float largest, factor;
  MI_MEMBER Softmax(float of_largest, float sum) : largest(of_largest), factor(1.0f / sum) {}
  MI_MEMBER float operator()(float x) const { return ops::math::exp(x - largest) * factor; }
};

struct LogSoftmax {
  float largest, log_sum;
  MI_MEMBER LogSoftmax(float of_largest, float sum)
      : largest(of_largest), log_sum(ops::math::log(sum)) {}
  MI_MEMBER float operator()(float x) const { return x - largest - log_sum; }
};

// Elements that stand for none have the least value, whose exponential is 0.
struct Block {
  float at[kBlock];
};

template <typename Stored>
MI_INLINE Block load_block(const Stored* x, std::int64_t count) {
  Block block;
  if (count >= kBlock) {
    for (int b = 0; b < kBlock; ++b) block.at[b] = ops::widened(x[b]);
  } else {
    for (int b = 0; b < kBlock; ++b) block.at[b] = kLowest;
    for (int b = 0; b < count; ++b) block.at[b] = ops::widened(x[b]);
  }
  return block;
}

template <typename Stored>
MI_INLINE float largest_in_row(const Stored* x, std::int64_t extent) {
  Block largest = load_block(x, extent);
  for (std::int64_t i = kBlock; i < extent; i += kBlock) {
    const Block next = load_block(x + i, extent - i);
    for (int b = 0; b < kBlock; ++b) largest.at[b] = ops::Max{}(largest.at[b], next.at[b]);
  }
  for (int b = 1; b < kBlock; ++b) largest.at[0] = ops::Max{}(largest.at[0], largest.at[b]);
  return largest.at[0];
}

template <typename Stored>
MI_INLINE float sum_of_exponentials(const Stored* x, std::int64_t extent, float largest) {
  double total = 0;
  for (std::int64_t i = 0; i < extent;) {
    Block sums = {};
    for (int room = ops::kSumBlock; room > 0 && i < extent; --room, i += kBlock) {
      const Block next = load_block(x + i, extent - i);
      for (int b = 0; b < kBlock; ++b) sums.at[b] += ops::math::exp(next.at[b] - largest);
    }
    for (int b = 1; b < kBlock; ++b) sums.at[0] += sums.at[b];
    total += static_cast<double>(sums.at[0]);
  }
  return static_cast<float>(total);
}

// A row of neighbours.
template <typename Stored, typename Function>
MI_INLINE void run_row(const Stored* x, std::int64_t extent, Stored* y) {
  const float largest = largest_in_row(x, extent);
  const Function function(largest, sum_of_exponentials(x, extent, largest));
  MI_INDEPENDENT for (std::int64_t i = 0; i < extent; ++i) {
    y[i] = ops::convert<Stored>(function(ops::widened(x[i])));
  }
}

// Element `i` of each column.
template <typename Stored>
MI_INLINE Block load_across(const SoftmaxArgs& args, std::int64_t i) {
  const Stored* x = static_cast<const Stored*>(args.x) + i * args.step;
  if (args.column_step == 1) return load_block(x, args.columns);
  Block block = {};
  for (int c = 0; c < args.columns; ++c) block.at[c] = ops::widened(x[c * args.column_step]);
  return block;
}

template <typename Stored, typename Function>
MI_INLINE void run_columns(const SoftmaxArgs& args) {
  Block largest = load_across<Stored>(args, 0);
  for (std::int64_t i = 1; i < args.extent; ++i) {
    const Block next = load_across<Stored>(args, i);
    for (int c = 0; c < kBlock; ++c) largest.at[c] = ops::Max{}(largest.at[c], next.at[c]);
  }
  double totals[kBlock] = {};
  for (std::int64_t i = 0; i < args.extent;) {
    Block sums = {};
    for (int room = ops::kSumBlock; room > 0 && i < args.extent; --room, ++i) {
      const Block next = load_across<Stored>(args, i);
      for (int c = 0; c < kBlock; ++c) {
        sums.at[c] += ops::math::exp(next.at[c] - largest.at[c]);
      }
    }
    for (int c = 0; c < kBlock; ++c) totals[c] += static_cast<double>(sums.at[c]);
  }
  for (std::int64_t i = 0; i < args.extent; ++i) {
    Block next = load_across<Stored>(args, i);
    for (int c = 0; c < kBlock; ++c) {
      next.at[c] = Function(largest.at[c], static_cast<float>(totals[c]))(next.at[c]);
    }
    Stored* y = static_cast<Stored*>(args.y) + i * args.step;
    for (int c = 0; c < args.columns; ++c) {
      y[c * args.column_step] = ops::convert<Stored>(next.at[c]);
    }
  }
}

template <typename Stored, typename Function>
void run(const SoftmaxArgs& args) {
  if (args.step == 1 && args.columns == 1) {
    run_row<Stored, Function>(static_cast<const Stored*>(args.x), args.extent,
                              static_cast<Stored*>(args.y));
  } else {
    run_columns<Stored, Function>(args);
  }
}

template <typename... Stored>
void list_for(Simd& simd, Types<Stored...>) {
  FloatLoops* loops = simd.loops;
  ((loops->softmax = run<Stored, Softmax>, loops++->log_softmax = run<Stored, LogSoftmax>), ...);
}

}  // namespace

void list_softmaxes(Simd& simd) noexcept { list_for(simd, StoredFloats{}); }

}  // namespace mini_infer::cpu::MI_ISA
