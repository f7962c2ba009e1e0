#include "cpu/gemm/panels.h"

#include <algorithm>
#include <cstring>

namespace mini_infer::cpu {
namespace {

// Elements are copied as bytes: constants lie in the model's file where they like.
void copy_row(const std::byte* from, std::int64_t step, int count, float* to) {
  if (step == 1) {
    std::memcpy(to, from, static_cast<std::size_t>(count) * sizeof(float));
    return;
  }
  for (int n = 0; n < count; ++n) {
    std::memcpy(to + n, from + n * step * std::int64_t{sizeof(float)}, sizeof(float));
  }
}

template <typename Row>
void pack_panels(const Panels& panels, Row row, std::int64_t column, float* to) {
  for (std::int64_t panel = 0; panel < panels.count(); ++panel) {
    const std::int64_t first = panel * panels.full_width();
    const int width = panels.width(panel);
    const auto count = static_cast<int>(std::min<std::int64_t>(width, panels.columns - first));
    for (std::int64_t k = 0; k < panels.depth; ++k, to += width) {
      copy_row(row(k) + first * column * std::int64_t{sizeof(float)}, column, count, to);
      std::fill(to + count, to + width, 0.0f);
    }
  }
}

}  // namespace

void pack(const Panels& panels, core::FunctionRef<const float*(std::int64_t)> row, float* to) {
  pack_panels(
      panels, [&](std::int64_t k) { return reinterpret_cast<const std::byte*>(row(k)); }, 1, to);
}

void pack(const Panels& panels, const std::byte* from, std::int64_t row, std::int64_t column,
          float* to) {
  pack_panels(
      panels, [=](std::int64_t k) { return from + k * row * std::int64_t{sizeof(float)}; }, column,
      to);
}

}  // namespace mini_infer::cpu
