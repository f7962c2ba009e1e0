#include "cpu/simd/code/winograd.h"

#include "cpu/simd/code/finish.h"

// The transforms of Winograd's F(2x2, 3x3) (Lavin and Gray, 2015): along one axis, 4 inputs d
// become B'd and 4 sums m become the outputs A'm.
namespace mini_infer::cpu::MI_ISA {
namespace {

// B'd of 4 numbers, `step` vectors apart.
MI_INLINE void transform_input(Vector* d, int step) {
  const Vector d1 = d[step], d2 = d[2 * step];
  d[0] -= d2;
  d[step] = d1 + d2;
  d[2 * step] = d2 - d1;
  d[3 * step] = d1 - d[3 * step];
}

// A'm of 4 numbers: what is left of them are the first two.
MI_INLINE void transform_output(Vector* m, int step) {
  const Vector m1 = m[step], m2 = m[2 * step];
  m[0] += m1 + m2;
  m[step] = m1 - m2 - m[3 * step];
}

}  // namespace

void winograd_input(const WinogradInput& tile) {
  for_each_vector(tile.channels, [&](std::int64_t channel, auto vectors) MI_INLINE_LAMBDA {
    Vector d[kWinogradMatrices];
    MI_UNROLL for (int i = 0; i < kWinogradMatrices; ++i) {
      d[i] = vectors.get(tile.pixels[i] + channel);
    }
    MI_UNROLL for (int column = 0; column < 4; ++column) transform_input(d + column, 4);
    MI_UNROLL for (int row = 0; row < 4; ++row) transform_input(d + 4 * row, 1);
    MI_UNROLL for (int i = 0; i < kWinogradMatrices; ++i) {
      store(tile.to + i * tile.matrix + channel, d[i]);
    }
  });
}

void winograd_output(const WinogradOutput& tile) {
  const Finish finish(*tile.activation);
  for_each_vector(tile.columns, [&](std::int64_t column, auto vectors) MI_INLINE_LAMBDA {
    Vector m[kWinogradMatrices];
    MI_UNROLL for (int i = 0; i < kWinogradMatrices; ++i) {
      m[i] = load(tile.from + i * tile.matrix + column);
    }
    MI_UNROLL for (int i = 0; i < 4; ++i) transform_output(m + i, 4);
    transform_output(m, 1);
    transform_output(m + 4, 1);
    const Vector bias = bias_at(tile.bias, column, vectors);
    MI_UNROLL for (int i = 0; i < 4; ++i) {
      if (tile.y[i] == nullptr) continue;
      const float* residual = tile.residual[i] == nullptr ? nullptr : tile.residual[i] + column;
      vectors.put(tile.y[i] + column, finish(m[i / 2 * 4 + i % 2], bias, residual, vectors));
    }
  });
  if (!needs_pass(*tile.activation)) return;
  for (float* y : tile.y) {
    if (y != nullptr) activate(*tile.activation, y, tile.columns);
  }
}

}  // namespace mini_infer::cpu::MI_ISA
