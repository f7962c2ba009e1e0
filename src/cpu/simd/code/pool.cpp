#include "cpu/simd/code/pool.h"

#include "cpu/simd/code/block_sum.h"

namespace mini_infer::cpu::MI_ISA {
namespace {

// Calls visit(first pixel) for each row of a window.
template <typename Visit>
MI_INLINE void for_each_row(const PoolWindow& window, Visit visit) {
  for (std::int64_t d = 0; d < window.depth.taps; ++d) {
    for (std::int64_t h = 0; h < window.height.taps; ++h) {
      visit(window.x + d * window.depth.x_step + h * window.height.x_step);
    }
  }
}

// A NaN in either stays.
MI_INLINE Vector larger(Vector a, Vector b) {
  const Vector of_numbers = a > b ? a : b;
  return a == a ? of_numbers : a;
}

}  // namespace

void max_pool(const PoolWindow& window) {
  for_each_vector(window.channels, [&](std::int64_t channel, auto vectors) MI_INLINE_LAMBDA {
    Vector most = broadcast(-__builtin_inff());
    for_each_row(window, [&](const float* row) MI_INLINE_LAMBDA {
      for (std::int64_t w = 0; w < window.width.taps; ++w) {
        most = larger(most, vectors.get(row + w * window.width.x_step + channel));
      }
    });
    vectors.put(window.y + channel, most);
  });
}

// A block of the sum is a row, or a part of it.
void average_pool(const PoolWindow& window, float count) {
  const Vector divisor = broadcast(count);
  for_each_vector(window.channels, [&](std::int64_t channel, auto vectors) MI_INLINE_LAMBDA {
    BlockSum blocks;
    for_each_row(window, [&](const float* row) MI_INLINE_LAMBDA {
      for (std::int64_t w = 0; w < window.width.taps;) {
        Vector block{};
        for (int room = ops::kSumBlock; room > 0 && w < window.width.taps; --room, ++w) {
          block += vectors.get(row + w * window.width.x_step + channel);
        }
        blocks.add(block);
      }
    });
    vectors.put(window.y + channel, blocks.sum() / divisor);
  });
}

}  // namespace mini_infer::cpu::MI_ISA
