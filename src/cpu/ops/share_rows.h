#pragma once

#include <algorithm>
#include <cstdint>

#include "core/thread_pool.h"

namespace mini_infer::cpu {

// Calls body(row) for each row of `extent` elements; the threads share out runs of rows that are
// worth waking them.
template <typename Body>
void share_rows(core::ThreadPool& threads, std::int64_t rows, std::int64_t extent, Body body) {
  constexpr std::int64_t kElementsOfPiece = 1 << 14;
  const std::int64_t rows_of_piece =
      std::max<std::int64_t>(1, kElementsOfPiece / std::max<std::int64_t>(1, extent));
  const std::int64_t pieces = rows / rows_of_piece + (rows % rows_of_piece != 0);
  threads.run(pieces, [&](std::int64_t piece, int) {
    const std::int64_t first = piece * rows_of_piece;
    const std::int64_t count = std::min(rows_of_piece, rows - first);
    for (std::int64_t row = first; row < first + count; ++row) body(row);
  });
}

}  // namespace mini_infer::cpu
