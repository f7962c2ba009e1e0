#include "cpu/ops/strided_copy.h"

#include <algorithm>
#include <cstring>
#include <span>
#include <type_traits>

#include "cpu/ops/parallel.h"
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

// Four rows of four columns, as vectors.
void transpose_block(const std::uint32_t* from, std::int64_t from_column, std::uint32_t* to,
                     std::int64_t to_row) {
  using Four = std::uint32_t __attribute__((vector_size(16)));
  Four column[4];
  for (int i = 0; i < 4; ++i) std::memcpy(&column[i], from + i * from_column, sizeof(Four));
  const Four upper_left = __builtin_shufflevector(column[0], column[1], 0, 4, 1, 5);
  const Four lower_left = __builtin_shufflevector(column[0], column[1], 2, 6, 3, 7);
  const Four upper_right = __builtin_shufflevector(column[2], column[3], 0, 4, 1, 5);
  const Four lower_right = __builtin_shufflevector(column[2], column[3], 2, 6, 3, 7);
  const Four row[4] = {__builtin_shufflevector(upper_left, upper_right, 0, 1, 4, 5),
                       __builtin_shufflevector(upper_left, upper_right, 2, 3, 6, 7),
                       __builtin_shufflevector(lower_left, lower_right, 0, 1, 4, 5),
                       __builtin_shufflevector(lower_left, lower_right, 2, 3, 6, 7)};
  for (int i = 0; i < 4; ++i) std::memcpy(to + i * to_row, &row[i], sizeof(Four));
}

template <typename T>
void copy_elements(std::int64_t rows, std::int64_t columns, const T* from, std::int64_t from_column,
                   T* to, std::int64_t to_row) {
  for (std::int64_t row = 0; row < rows; ++row) {
    for (std::int64_t column = 0; column < columns; ++column) {
      to[row * to_row + column] = from[row + column * from_column];
    }
  }
}

template <typename T>
void copy_tile(std::int64_t rows, std::int64_t columns, const T* from, std::int64_t from_column,
               T* to, std::int64_t to_row) {
  if constexpr (std::is_same_v<T, std::uint32_t>) {
    const std::int64_t in_blocks = columns / 4 * 4;
    for (; rows >= 4; rows -= 4, from += 4, to += 4 * to_row) {
      for (std::int64_t column = 0; column < in_blocks; column += 4) {
        transpose_block(from + column * from_column, from_column, to + column, to_row);
      }
      copy_elements<T>(4, columns - in_blocks, from + in_blocks * from_column, from_column,
                       to + in_blocks, to_row);
    }
  }
  copy_elements(rows, columns, from, from_column, to, to_row);
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

// Short runs of a size known when compiling: a call each would cost more than the copy.
template <std::size_t kBytes, typename T>
void copy_short_runs(const Axis& outer, const T* from, T* to) {
  for (std::int64_t i = 0; i < outer.extent; ++i) {
    std::memcpy(to + i * outer.to, from + i * outer.from, kBytes);
  }
}

template <typename T>
void copy_runs(const Axis& outer, const Axis& run, const T* from, T* to) {
  const bool contiguous = run.from == 1 && run.to == 1;
  switch (contiguous ? static_cast<std::size_t>(run.extent) * sizeof(T) : 0) {
    case 8:
      return copy_short_runs<8>(outer, from, to);
    case 16:
      return copy_short_runs<16>(outer, from, to);
    case 32:
      return copy_short_runs<32>(outer, from, to);
    default:
      for (std::int64_t i = 0; i < outer.extent; ++i) {
        copy_run(run, from + i * outer.from, to + i * outer.to);
      }
  }
}

template <typename T>
void copy_axes(const Axis& outer, std::span<const Axis> inner, const T* from, T* to) {
  if (inner.empty()) {
    copy_run(outer, from, to);
  } else if (inner.size() == 1 && is_transposition(outer, inner[0])) {
    transpose(outer, inner[0], from, to);
  } else if (inner.size() == 1) {
    copy_runs(outer, inner[0], from, to);
  } else {
    for (std::int64_t i = 0; i < outer.extent; ++i) {
      copy_axes(inner[0], inner.subspan(1), from + i * outer.from, to + i * outer.to);
    }
  }
}

std::int64_t elements_of(std::span<const Axis> axes) {
  std::int64_t elements = 1;
  for (const Axis& axis : axes) elements *= axis.extent;
  return elements;
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
void strided_copy(const ops::StridedCopy& copy, core::ThreadPool& threads, const T* from, T* to) {
  from += copy.from_start;
  to += copy.to_start;
  if (copy.axes.empty()) {
    *to = *from;
    return;
  }
  const Axis& outer = copy.axes[0];
  const auto inner = std::span(copy.axes).subspan(1);
  for_pieces(threads, outer.extent, items_per_piece(elements_of(inner)),
             [&](std::int64_t first, std::int64_t last) {
               copy_axes(Axis{last - first, outer.from, outer.to}, inner, from + first * outer.from,
                         to + first * outer.to);
             });
}

template void strided_copy(const ops::StridedCopy&, core::ThreadPool&, const std::uint8_t*,
                           std::uint8_t*);
template void strided_copy(const ops::StridedCopy&, core::ThreadPool&, const std::uint16_t*,
                           std::uint16_t*);
template void strided_copy(const ops::StridedCopy&, core::ThreadPool&, const std::uint32_t*,
                           std::uint32_t*);
template void strided_copy(const ops::StridedCopy&, core::ThreadPool&, const std::uint64_t*,
                           std::uint64_t*);
template void strided_copy(const ops::StridedCopy&, core::ThreadPool&, const Bits128*, Bits128*);

}  // namespace mini_infer::cpu
