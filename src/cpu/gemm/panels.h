#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "core/thread_pool.h"
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

// A matrix of floats, aligned or not, read by strides in elements: element (t * rows + k, n), where
// each of the taps t has depth / taps rows, is t * tap + k * row + n * column from the first.
struct RightSource {
  const std::byte* data = nullptr;
  std::int64_t row = 0;
  std::int64_t column = 1;
  std::int64_t taps = 1;
  std::int64_t tap = 0;
};

// Writes the panels of the matrix.
void pack(const Panels& panels, const RightSource& from, float* to, core::ThreadPool& threads);

}  // namespace mini_infer::cpu
