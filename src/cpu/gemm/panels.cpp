#include "cpu/gemm/panels.h"

#include <algorithm>

namespace mini_infer::cpu {
namespace {

template <typename Row>
void pack_panels(const Panels& panels, Row row, std::int64_t column, float* to) {
  for (std::int64_t panel = 0; panel < panels.count(); ++panel) {
    const std::int64_t first = panel * panels.full_width();
    const int width = panels.width(panel);
    const auto count = static_cast<int>(std::min<std::int64_t>(width, panels.columns - first));
    for (std::int64_t k = 0; k < panels.depth; ++k, to += width) {
      const float* from = row(k) + first * column;
      if (column == 1) {
        std::copy_n(from, count, to);
      } else {
        for (int n = 0; n < count; ++n) to[n] = from[n * column];
      }
      std::fill(to + count, to + width, 0.0f);
    }
  }
}

}  // namespace

void pack(const Panels& panels, core::FunctionRef<const float*(std::int64_t)> row, float* to) {
  pack_panels(panels, row, 1, to);
}

void pack(const Panels& panels, const float* from, std::int64_t row, std::int64_t column,
          float* to) {
  pack_panels(
      panels, [=](std::int64_t k) { return from + k * row; }, column, to);
}

}  // namespace mini_infer::cpu
