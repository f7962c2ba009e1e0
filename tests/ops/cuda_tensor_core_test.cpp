#include <gtest/gtest.h>

#include <array>

#include "cuda/launch.h"
#include "cuda/tensor_core.h"

namespace mini_infer::cuda {
namespace {

// Element (row, column) of a matrix of small numbers that all differ.
float element(int row, int column) { return static_cast<float>(row * 3 - column * 2) / 16.0f; }

template <typename T>
std::uint32_t pair_of(float first, float second) {
  return word_of(ops::convert<T>(first), ops::convert<T>(second));
}

struct Tiles {
  std::array<std::array<float, 8>, 16> c;
};

template <typename T, typename Multiply>
Tiles product(Multiply multiply) {
  Tiles tiles{};
  emulator::run_grid({dim3(1), dim3(32), 0, true}, [&] {
    const int group = static_cast<int>(threadIdx.x) / 4;
    const int pair = static_cast<int>(threadIdx.x) % 4 * 2;
    const auto a = [&](int row, int k) { return pair_of<T>(element(row, k), element(row, k + 1)); };
    const auto b = [&](int k) { return pair_of<T>(element(k, group), element(k + 1, group)); };
    TileC c{};
    multiply(
        c, TileA{{a(group, pair), a(group + 8, pair), a(group, pair + 8), a(group + 8, pair + 8)}},
        TileB{{b(pair), b(pair + 8)}});
    for (int i = 0; i < 4; ++i) {
      tiles.c[static_cast<std::size_t>(group + i / 2 * 8)][static_cast<std::size_t>(pair + i % 2)] =
          c.sums[i];
    }
  });
  return tiles;
}

void expect_product(const Tiles& tiles) {
  for (int row = 0; row < 16; ++row) {
    for (int column = 0; column < 8; ++column) {
      float sum = 0;
      for (int k = 0; k < 16; ++k) sum += element(row, k) * element(k, column);
      EXPECT_FLOAT_EQ(tiles.c[static_cast<std::size_t>(row)][static_cast<std::size_t>(column)], sum)
          << row << ", " << column;
    }
  }
}

TEST(TensorCore, MultipliesTilesAsLanesHoldThem) {
  expect_product(product<ops::Float16>(
      [](TileC& c, const TileA& a, const TileB& b) { multiply<ops::Float16>(c, a, b); }));
  expect_product(product<ops::BFloat16>(
      [](TileC& c, const TileA& a, const TileB& b) { multiply<ops::BFloat16>(c, a, b); }));
}

TEST(TensorCore, ShufflesDoTheSame) {
  expect_product(product<ops::Float16>([](TileC& c, const TileA& a, const TileB& b) {
    tensor_core::multiply_by_shuffles<ops::Float16>(c, a, b);
  }));
  expect_product(product<ops::BFloat16>([](TileC& c, const TileA& a, const TileB& b) {
    tensor_core::multiply_by_shuffles<ops::BFloat16>(c, a, b);
  }));
}

}  // namespace
}  // namespace mini_infer::cuda
