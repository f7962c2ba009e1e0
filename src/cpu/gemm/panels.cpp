#include "cpu/gemm/panels.h"

#include <algorithm>

namespace mini_infer::cpu {
namespace {

template <typename At>
void pack_panels(const Panels& panels, At at, float* to) {
  for (std::int64_t panel = 0; panel < panels.count(); ++panel) {
    const std::int64_t first = panel * panels.full_width();
    const int width = panels.width(panel);
    const auto count = static_cast<int>(std::min<std::int64_t>(width, panels.columns - first));
    for (std::int64_t k = 0; k < panels.depth; ++k, to += width) {
      for (int n = 0; n < count; ++n) to[n] = at(k, first + n);
      std::fill(to + count, to + width, 0.0f);
    }
  }
}

}  // namespace

void pack(const Panels& panels, core::FunctionRef<float(std::int64_t, std::int64_t)> at,
          float* to) {
  pack_panels(panels, at, to);
}

void pack(const Panels& panels, const float* from, std::int64_t row, std::int64_t column,
          float* to) {
  pack_panels(
      panels, [=](std::int64_t k, std::int64_t n) { return from[k * row + n * column]; }, to);
}

}  // namespace mini_infer::cpu
