#pragma once

#include <vector>

#include "core/try.h"
#include "ops/node_view.h"
#include "ops/strided_copy.h"

// Operators that only bring elements to other places: Transpose, Concat, Split, Slice, Expand,
// Tile.
namespace mini_infer::ops {

// A part of one input that becomes a part of one output.
struct Move {
  int input;
  int output;
  StridedCopy copy;
};

// All that such a node moves; together the moves write every element of its outputs once. Copies
// are collapsed; moves of nothing are left out.
core::Result<std::vector<Move>> moves_of(const NodeView& view);

// The same, moves of nothing too, with one axis of the copy per axis of the tensors (more of Tile).
core::Result<std::vector<Move>> uncollapsed_moves_of(const NodeView& view);

// Whether output 0 is input 0, element for element.
bool moves_nothing(const NodeView& view);

}  // namespace mini_infer::ops
