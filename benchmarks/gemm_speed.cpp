// GFLOP/s of the inner loop of products, against what the machine can add and multiply at most.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <functional>
#include <vector>

#include "cpu/gemm/multiply.h"
#include "cpu/simd/simd.h"

namespace {

using mini_infer::core::InstructionSet;
using mini_infer::core::ThreadPool;
using mini_infer::cpu::LeftRange;
using mini_infer::cpu::Panels;
using mini_infer::cpu::Product;
using mini_infer::cpu::Simd;

constexpr int kRounds = 31;

struct Size {
  std::int64_t rows, columns, depth;
};

// The median of many.
double seconds(const std::function<void()>& run) {
  std::vector<double> samples;
  for (int round = 0; round < kRounds; ++round) {
    const auto start = std::chrono::steady_clock::now();
    run();
    samples.push_back(
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
  std::nth_element(samples.begin(), samples.begin() + kRounds / 2, samples.end());
  return samples[kRounds / 2];
}

double gigaflops(const Simd& simd, const Size& size) {
  const Panels panels = Panels::of(simd, size.depth, size.columns);
  const std::vector<float> a(static_cast<std::size_t>(size.rows * size.depth), 0.5f);
  const std::vector<float> b(static_cast<std::size_t>(panels.elements()), 0.25f);
  std::vector<float> c(static_cast<std::size_t>(size.rows * size.columns));
  Product product;
  product.rows = size.rows;
  product.depth = size.depth;
  product.right = {.data = b.data(), .panels = panels};
  product.c = c.data();
  product.c_row = size.columns;
  const auto rows = [&](const LeftRange& range, const float** to) {
    for (int i = 0; i < range.rows; ++i) to[i] = a.data() + (range.row + i) * size.depth;
  };
  const double time = seconds([&] { multiply(product, rows, simd, ThreadPool::serial()); });
  return 2e-9 * static_cast<double>(size.rows * size.columns * size.depth) / time;
}

// A tile that reads the same few numbers again and again: nothing but its arithmetic.
double peak(const Simd& simd) {
  constexpr std::int64_t kDepth = 1 << 20;
  const int columns = simd.lanes * mini_infer::cpu::kTileVectors;
  const std::vector<float> numbers(static_cast<std::size_t>(columns), 0.5f);
  std::vector<float> c(static_cast<std::size_t>(simd.tile_rows * columns));
  std::vector<float> section(c.size());
  std::vector<double> total(c.size());
  const std::vector<const float*> rows(static_cast<std::size_t>(simd.tile_rows), numbers.data());
  const mini_infer::cpu::TileEpilogue epilogue;
  const double time = seconds([&] {
    simd.tile[1][simd.tile_rows - 1]({.depth = kDepth,
                                      .rows = rows.data(),
                                      .row_step = 0,
                                      .b = numbers.data(),
                                      .b_row = 0,
                                      .c = c.data(),
                                      .c_row = columns,
                                      .columns = columns,
                                      .section = section.data(),
                                      .total = total.data(),
                                      .epilogue = &epilogue});
  });
  return 2e-9 * static_cast<double>(simd.tile_rows * columns * kDepth) / time;
}

}  // namespace

int main() {
  const std::vector<Size> sizes = {{128, 768, 768},  {128, 2304, 768}, {128, 3072, 768},
                                   {128, 768, 3072}, {3136, 64, 256},  {784, 128, 512},
                                   {196, 1024, 256}, {49, 2048, 512}};
  for (auto set : {InstructionSet::kBaseline, InstructionSet::kAvx2, InstructionSet::kAvx512}) {
    const auto simd = mini_infer::cpu::simd_for(set);
    if (!simd.ok()) continue;
    const double most = peak(**simd);
    std::printf("%s: arithmetic alone %.1f GFLOP/s, one thread\n",
                mini_infer::core::instruction_set_name(set), most);
    for (const Size& size : sizes) {
      const double found = gigaflops(**simd, size);
      std::printf("  %5ld x %4ld x %4ld  %6.1f GFLOP/s  %3.0f %%\n", size.rows, size.columns,
                  size.depth, found, 100 * found / most);
    }
  }
}
