#pragma once

#include <algorithm>
#include <cstdint>

#include "ops/backend.h"

namespace mini_infer::cpu {

// Elements that keep a thread busy for longer than it takes to hand them over. Where the pieces
// begin never depends on the number of threads, so that no result does.
inline constexpr std::int64_t kPieceElements = std::int64_t{1} << 14;

inline std::int64_t pieces_of(std::int64_t count, std::int64_t per_piece) {
  return count / per_piece + (count % per_piece != 0 ? 1 : 0);
}

// Items of `elements` elements each: how many make a piece.
inline std::int64_t items_per_piece(std::int64_t elements) {
  return std::max<std::int64_t>(1, kPieceElements / std::max<std::int64_t>(1, elements));
}

// body(first, last) for pieces of [0, count) that cover it.
template <typename Body>
void for_pieces(core::ThreadPool& threads, std::int64_t count, std::int64_t per_piece, Body body) {
  const std::int64_t pieces = pieces_of(count, per_piece);
  const auto run = [&](std::int64_t piece, int) {
    body(piece * per_piece, std::min(count, (piece + 1) * per_piece));
  };
  if (pieces == 1) {
    run(0, 0);
  } else if (pieces > 1) {
    threads.run(pieces, run);
  }
}

}  // namespace mini_infer::cpu
