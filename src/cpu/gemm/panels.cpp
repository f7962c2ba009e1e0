#include "cpu/gemm/panels.h"

#include <algorithm>

#include "ops/convert.h"

namespace mini_infer::cpu {
namespace {

template <typename Row>
void pack_panels(const Panels& panels, Row row, std::int64_t column, float* to) {
  for (std::int64_t panel = 0; panel < panels.count(); ++panel) {
    const std::int64_t first = panel * panels.full_width();
    const int width = panels.width(panel);
    const auto count = static_cast<int>(std::min<std::int64_t>(width, panels.columns - first));
    for (std::int64_t k = 0; k < panels.depth; ++k, to += width) {
      const auto* from = row(k) + first * column;
      if (column == 1) {
        for (int n = 0; n < count; ++n) to[n] = ops::widened(from[n]);
      } else {
        for (int n = 0; n < count; ++n) to[n] = ops::widened(from[n * column]);
      }
      std::fill(to + count, to + width, 0.0f);
    }
  }
}

}  // namespace

void pack(const Panels& panels, core::FunctionRef<const float*(std::int64_t)> row, float* to) {
  pack_panels(panels, row, 1, to);
}

template <typename T>
void pack(const Panels& panels, const T* from, std::int64_t row, std::int64_t column, float* to) {
  pack_panels(
      panels, [=](std::int64_t k) { return from + k * row; }, column, to);
}

template void pack(const Panels&, const float*, std::int64_t, std::int64_t, float*);
template void pack(const Panels&, const ops::Float16*, std::int64_t, std::int64_t, float*);
template void pack(const Panels&, const ops::BFloat16*, std::int64_t, std::int64_t, float*);

}  // namespace mini_infer::cpu
