#pragma once

#include <vector>

#include "ops/node_view.h"

namespace mini_infer::ops {

// A tensor that may lie inside another, so that nothing is copied: an output of Split or Slice in
// its input, an input of Concat in its output. A row is a run along the last axis; the inner
// tensor's rows are parts of neighbouring rows of the outer one.
struct TensorWindow {
  int input = 0;           // slots
  int output = 0;          //
  bool of_output = false;  // the outer one is the output
  // Where the inner tensor begins in the outer one: rows, and elements of a row.
  std::int64_t row = 0;
  std::int64_t column = 0;
};

// Those of a node that its shapes allow. Empty tensors are never windows; whether kernels that read
// and write the tensors take rows that lie apart (OpDef::pitched) is the scheduler's question.
std::vector<TensorWindow> windows(const NodeView& view);

}  // namespace mini_infer::ops
