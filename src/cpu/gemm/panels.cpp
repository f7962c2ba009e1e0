#include "cpu/gemm/panels.h"

#include <algorithm>
#include <cstring>

#include "cpu/gemm/share.h"

namespace mini_infer::cpu {
namespace {

constexpr std::int64_t kElement = sizeof(float);
// Rows of all panels before the next rows: the source is read from its first page to its last, each
// once. Few, so that what is read around an element is still in the cache when the next panel wants
// it; more where the elements of a column follow each other.
constexpr std::int64_t kBlockRows = 16;
constexpr std::int64_t kBlockRowsOfColumns = 64;
// Fewer elements are not worth waking a thread.
constexpr std::int64_t kFewElements = 1 << 16;
constexpr std::int64_t kPiecesPerThread = 2;

// Rows [first, last) of one tap of one panel. Elements are copied as bytes: constants lie in the
// model's file where they like.
void copy_rows(const RightSource& from, const std::byte* first_element, Share rows, int count,
               int width, float* to) {
  const std::byte* data = first_element + rows.first * from.row * kElement;
  const std::int64_t extent = rows.last - rows.first;
  if (from.column == 1) {
    for (std::int64_t k = 0; k < extent; ++k) {
      std::memcpy(to + k * width, data + k * from.row * kElement,
                  static_cast<std::size_t>(count * kElement));
    }
  } else {
    for (int n = 0; n < count; ++n) {
      const std::byte* column = data + n * from.column * kElement;
      for (std::int64_t k = 0; k < extent; ++k) {
        std::memcpy(to + k * width + n, column + k * from.row * kElement, sizeof(float));
      }
    }
  }
  if (count == width) return;
  for (std::int64_t k = 0; k < extent; ++k) {
    std::fill(to + k * width + count, to + (k + 1) * width, 0.0f);
  }
}

void pack_panels(const Panels& panels, const RightSource& from, Share share, float* to) {
  const std::int64_t depth = panels.depth / from.taps;
  const std::int64_t block = from.row == 1 ? kBlockRowsOfColumns : kBlockRows;
  for (std::int64_t row = 0; row < depth; row += block) {
    const Share rows{row, std::min(depth, row + block)};
    for (std::int64_t panel = share.first; panel < share.last; ++panel) {
      const std::int64_t column = panel * panels.full_width();
      const int width = panels.width(panel);
      const auto count = static_cast<int>(std::min<std::int64_t>(width, panels.columns - column));
      const std::byte* data = from.data + column * from.column * kElement;
      float* first = to + panels.offset(panel) + row * width;
      for (std::int64_t tap = 0; tap < from.taps; ++tap, first += depth * width) {
        copy_rows(from, data + tap * from.tap * kElement, rows, count, width, first);
      }
    }
  }
}

}  // namespace

void pack(const Panels& panels, const RightSource& from, float* to, core::ThreadPool& threads) {
  if (panels.depth == 0 || panels.columns == 0) return;
  const bool few = panels.depth * panels.columns < kFewElements || threads.size() == 1;
  const std::int64_t pieces = few ? 1 : std::min(panels.count(), kPiecesPerThread * threads.size());
  const auto run = [&](std::int64_t piece, int) {
    pack_panels(panels, from, share(panels.count(), piece, pieces), to);
  };
  if (pieces == 1) return run(0, 0);
  threads.run(pieces, run);
}

}  // namespace mini_infer::cpu
