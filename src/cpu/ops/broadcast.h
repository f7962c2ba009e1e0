#pragma once

#include <array>
#include <vector>

#include "cpu/ops/parallel.h"
#include "ops/node_view.h"

namespace mini_infer::cpu {

// One input along one row of the output: its elements one by one, or the first again and again.
template <typename T>
struct Row {
  const T* first;
  bool repeats;

  Row from(std::int64_t element) const { return {repeats ? first : first + element, repeats}; }
};

// One input along rows that follow each other.
template <typename T>
struct Rows {
  const T* first;
  std::int64_t step;  // from row to row
  bool repeats;

  Row<T> operator[](std::int64_t row) const { return {first + row * step, repeats}; }
};

// How the inputs of a node are walked, side by side, to fill its first output. Neighbouring axes
// that every input crosses in one stride are merged; the innermost one left is the row.
class Broadcast {
 public:
  static constexpr int kMaxAxes = 8;
  using Index = std::array<std::int64_t, kMaxAxes>;  // of the axes outside the row

  static core::Result<Broadcast> of(const ops::NodeView& view);

  // Rows of the output that follow each other along one axis, or a part of one row.
  struct Block {
    Index index;        // of the first row
    std::int64_t from;  // the first element of each
    std::int64_t rows;
    std::int64_t length;  // of a row
    std::int64_t at;      // where the block begins in the output
  };

  // An input whose elements begin at `data`, along a block.
  template <typename T>
  Rows<T> rows(int input, const T* data, const Block& block) const {
    const Operand& operand = operands_[static_cast<std::size_t>(input)];
    for (std::size_t axis = 0; axis < outer_axes_; ++axis) {
      data += block.index[axis] * operand.strides[axis];
    }
    return {operand.repeats ? data : data + block.from, operand.strides[0], operand.repeats};
  }

  // visit(block) for blocks that make up the output, from several threads at once.
  template <typename Visit>
  void for_each_block(core::ThreadPool& threads, Visit visit) const {
    if (row_length_ > kPieceElements) {
      for_pieces(threads, rows_ * pieces_of(row_length_, kPieceElements), 1,
                 [&](std::int64_t piece, std::int64_t) { visit(part_of_row(piece)); });
    } else {
      for_pieces(threads, rows_, items_per_piece(row_length_),
                 [&](std::int64_t first, std::int64_t last) {
                   while (first < last) {
                     const Block block = block_at(first, last);
                     visit(block);
                     first += block.rows;
                   }
                 });
    }
  }

 private:
  struct Operand {
    bool repeats = true;
    Index strides{};
  };

  Index index_of_row(std::int64_t row) const;
  Block part_of_row(std::int64_t part) const;
  // From row `first` on, to the end of its axis or to row `last`.
  Block block_at(std::int64_t first, std::int64_t last) const;

  std::int64_t rows_ = 1;
  std::int64_t row_length_ = 1;
  std::size_t outer_axes_ = 0;
  Index extents_{};  // of the outer axes, innermost first
  std::vector<Operand> operands_;
};

// The elements of a row, in forms whose loops the compiler can turn into vector code.
template <typename T>
struct Moving {
  const T* first;
  T operator[](std::int64_t i) const { return first[i]; }
};
template <typename T>
struct Repeated {
  T value;
  T operator[](std::int64_t) const { return value; }
};

// body(elements of the row).
template <typename T, typename Body>
void along(Row<T> row, Body body) {
  if (row.repeats) {
    body(Repeated<T>{*row.first});
  } else {
    body(Moving<T>{row.first});
  }
}

}  // namespace mini_infer::cpu
