#pragma once

#include <vector>

#include "ops/node_view.h"

namespace mini_infer::ops {

// A stack of dense products [rows, depth] x [depth, columns]; vectors have become matrices.
struct MatMulGeometry {
  std::int64_t rows = 0;
  std::int64_t columns = 0;
  std::int64_t depth = 0;
  // The stack, and how many matrices of A and of B to skip per index of each of its axes: 0 where
  // one matrix is used again.
  core::Shape batch;
  std::vector<std::int64_t> a_skip;
  std::vector<std::int64_t> b_skip;
  core::Shape output_shape;
};

// Of MatMul and mini_infer.MatMul. Fails, naming expected and found, unless all inputs fit.
core::Result<MatMulGeometry> matmul_geometry(const NodeView& view);

}  // namespace mini_infer::ops
