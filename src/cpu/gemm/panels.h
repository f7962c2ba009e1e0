#pragma once

#include <cstdint>
#include <string>

#include "core/function_ref.h"
#include "cpu/simd/table.h"

namespace mini_infer::cpu {

// How a matrix B [depth, columns] is packed: panel by panel, each as wide as a tile and row by row.
// The last panel is one vector wide where that is enough; its columns beyond the end are 0.
struct Panels {
  std::int64_t depth = 0;
  std::int64_t columns = 0;
  int lanes = 0;  // of a vector

  static Panels of(const Simd& simd, std::int64_t depth, std::int64_t columns) {
    return {depth, columns, simd.lanes};
  }

  int full_width() const { return lanes * kTileVectors; }
  std::int64_t count() const { return (columns + full_width() - 1) / full_width(); }
  std::int64_t whole() const { return columns / full_width(); }  // panels without padding
  int width(std::int64_t panel) const {
    return columns - panel * full_width() <= lanes ? lanes : full_width();
  }
  std::int64_t offset(std::int64_t panel) const { return panel * full_width() * depth; }
  std::int64_t elements() const {
    return count() == 0 ? 0 : offset(count() - 1) + width(count() - 1) * depth;
  }
};

// Names the layout: see ops::PackedInput::form.
inline std::string form_of(const Panels& panels) {
  return "panels of " + std::to_string(panels.full_width()) + ", " + std::to_string(panels.depth) +
         "x" + std::to_string(panels.columns);
}

// Writes the panels of the matrix whose row k begins at row(k) and is dense.
void pack(const Panels& panels, core::FunctionRef<const float*(std::int64_t k)> row, float* to);

// The same of a matrix read by strides: from[k * row + n * column].
void pack(const Panels& panels, const float* from, std::int64_t row, std::int64_t column,
          float* to);

}  // namespace mini_infer::cpu
