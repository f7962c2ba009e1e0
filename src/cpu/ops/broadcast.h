#pragma once

#include <array>
#include <vector>

#include "ops/node_view.h"

namespace mini_infer::cpu {

// One input along one row of the output: its elements one by one, or the first again and again.
template <typename T>
struct Row {
  const T* first;
  bool repeats;

  Row from(std::int64_t element) const { return {repeats ? first : first + element, repeats}; }
};

// How the inputs of a node are walked, side by side, to fill its first output. Neighbouring axes
// that every input crosses in one stride are merged; the innermost one left is the row.
class Broadcast {
 public:
  static constexpr int kMaxAxes = 8;
  using Index = std::array<std::int64_t, kMaxAxes>;  // of the axes outside the row

  static core::Result<Broadcast> of(const ops::NodeView& view);

  // Elements in a row of the output.
  std::int64_t row_length() const { return row_length_; }

  // The row at `index` of an input whose bytes begin at `data`.
  template <typename T>
  Row<T> row(int input, const T* data, const Index& index) const {
    const Operand& operand = operands_[static_cast<std::size_t>(input)];
    for (std::size_t axis = 0; axis < outer_axes_; ++axis) {
      data += index[axis] * operand.strides[axis];
    }
    return {data, operand.repeats};
  }

  // visit(offset in the output, index), once per row, in the order of the output.
  template <typename Visit>
  void for_each_row(Visit visit) const {
    Index index{};
    for (std::int64_t i = 0; i < rows_; ++i) {
      visit(i * row_length_, index);
      advance(index);
    }
  }

 private:
  struct Operand {
    bool repeats = true;
    Index strides{};
  };

  void advance(Index& index) const {
    for (std::size_t axis = 0; axis < outer_axes_; ++axis) {
      if (++index[axis] < extents_[axis]) return;
      index[axis] = 0;
    }
  }

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
