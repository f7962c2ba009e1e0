#include "cpu/ops/strided_copy.h"

#include <algorithm>
#include <cstring>
#include <span>

#include "cpu/ops/width.h"

namespace mini_infer::cpu {
namespace {

using Axis = ops::StridedCopy::Axis;

template <typename T>
void copy_run(const Axis& run, const T* from, T* to) {
  if (run.from == 1 && run.to == 1) {
    std::memcpy(to, from, static_cast<std::size_t>(run.extent) * sizeof(T));
  } else if (run.from == 0 && run.to == 1) {
    std::fill_n(to, run.extent, *from);
  } else {
    for (std::int64_t i = 0; i < run.extent; ++i) to[i * run.to] = from[i * run.from];
  }
}

// Neighbours of the source lie along `rows`, those of the destination along `columns`. In tiles, so
// that a line of the source that was fetched for one row is still there for the next.
bool is_transposition(const Axis& rows, const Axis& columns) {
  return rows.from == 1 && columns.from != 1 && columns.to == 1;
}

template <typename T>
void copy_tile(std::int64_t rows, std::int64_t columns, const T* from, std::int64_t from_column,
               T* to, std::int64_t to_row) {
  for (std::int64_t row = 0; row < rows; ++row) {
    for (std::int64_t column = 0; column < columns; ++column) {
      to[row * to_row + column] = from[row + column * from_column];
    }
  }
}

template <typename T>
void transpose(const Axis& rows, const Axis& columns, const T* from, T* to) {
  constexpr std::int64_t kTile = 32;
  for (std::int64_t row = 0; row < rows.extent; row += kTile) {
    for (std::int64_t column = 0; column < columns.extent; column += kTile) {
      copy_tile(std::min(kTile, rows.extent - row), std::min(kTile, columns.extent - column),
                from + row + column * columns.from, columns.from, to + row * rows.to + column,
                rows.to);
    }
  }
}

template <typename T>
void copy_axes(std::span<const Axis> axes, const T* from, T* to) {
  if (axes.empty()) {
    *to = *from;
  } else if (axes.size() == 1) {
    copy_run(axes[0], from, to);
  } else if (axes.size() == 2 && is_transposition(axes[0], axes[1])) {
    transpose(axes[0], axes[1], from, to);
  } else {
    for (std::int64_t i = 0; i < axes[0].extent; ++i) {
      copy_axes(axes.subspan(1), from + i * axes[0].from, to + i * axes[0].to);
    }
  }
}

}  // namespace

ops::StridedCopy order_for_cache(ops::StridedCopy copy) {
  if (copy.axes.size() < 2) return copy;
  const auto columns = copy.axes.end() - 1;
  const auto rows = std::find_if(copy.axes.begin(), columns, [&](const Axis& axis) {
    return is_transposition(axis, *columns);
  });
  if (rows != columns) std::rotate(rows, rows + 1, columns);
  return copy;
}

template <typename T>
void strided_copy(const ops::StridedCopy& copy, const T* from, T* to) {
  copy_axes<T>(copy.axes, from + copy.from_start, to + copy.to_start);
}

template void strided_copy(const ops::StridedCopy&, const std::uint8_t*, std::uint8_t*);
template void strided_copy(const ops::StridedCopy&, const std::uint16_t*, std::uint16_t*);
template void strided_copy(const ops::StridedCopy&, const std::uint32_t*, std::uint32_t*);
template void strided_copy(const ops::StridedCopy&, const std::uint64_t*, std::uint64_t*);
template void strided_copy(const ops::StridedCopy&, const Bits128*, Bits128*);

}  // namespace mini_infer::cpu
