#pragma once

#include "cpu/ops/parallel.h"

namespace mini_infer::cpu {

// Calls body(row) for each row of `extent` elements; the threads share out runs of rows that are
// worth waking them.
template <typename Body>
void share_rows(core::ThreadPool& threads, std::int64_t rows, std::int64_t extent, Body body) {
  for_pieces(threads, rows, items_per_piece(extent), [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t row = first; row < last; ++row) body(row);
  });
}

}  // namespace mini_infer::cpu
