#include "cpu/simd/code/pool.h"

#include "cpu/simd/code/vector.h"

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

// Row by row: the error of the sum of a large image grows with its width and height only.
void average_pool(const PoolWindow& window, float count) {
  const Vector divisor = broadcast(count);
  for_each_vector(window.channels, [&](std::int64_t channel, auto vectors) MI_INLINE_LAMBDA {
    Vector sum{};
    for_each_row(window, [&](const float* row) MI_INLINE_LAMBDA {
      Vector row_sum{};
      for (std::int64_t w = 0; w < window.width.taps; ++w) {
        row_sum += vectors.get(row + w * window.width.x_step + channel);
      }
      sum += row_sum;
    });
    vectors.put(window.y + channel, sum / divisor);
  });
}

}  // namespace mini_infer::cpu::MI_ISA
