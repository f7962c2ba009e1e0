#pragma once

#include "cuda/each.h"
#include "cuda/epilogue.h"
#include "cuda/stack.h"

// What a matrix product is computed of.
namespace mini_infer::cuda {

// The rows of a left or the columns of a right operand, each a line of as many elements as the
// product is deep. An operand has
//   Element, Line, Step     types: an element, what is known of a line, of a step along the depth
//   line(i), step(k)        which the kernel computes as rarely as it can
//   load(line, step)        one element
//   along_depth             whether neighbours along the depth are neighbours in memory
//   advance(elements)       to another product of the stack
template <typename T>
struct Matrix {
  using Element = T;
  using Line = std::int64_t;
  using Step = std::int64_t;

  const T* data = nullptr;
  Steps lines;
  Steps depth;
  bool along_depth = false;

  __device__ Line line(int i) const { return lines.at(i); }
  __device__ Step step(int k) const { return depth.at(k); }
  __device__ T load(Line line, Step step) const { return data[line + step]; }
  __device__ void advance(std::int64_t elements) { data += elements; }
};

// Where results go, and how many there are: of rows times columns, `depth` products each.
struct ProductForm {
  int rows = 0;
  int columns = 0;
  int depth = 0;
  Steps y_rows, y_columns;
  std::int64_t bias_row = 0;
  std::int64_t bias_column = 0;
  bool along_columns = true;  // whether neighbours in memory are of one row
};

}  // namespace mini_infer::cuda
