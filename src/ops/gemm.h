#pragma once

#include "ops/node_view.h"

namespace mini_infer::ops {

// Y[rows, columns] = alpha * A' * B' + beta * C, where A' and B' are A and B or their transposes.
struct GemmGeometry {
  std::int64_t rows = 0;
  std::int64_t columns = 0;
  std::int64_t depth = 0;
  bool transpose_a = false;
  bool transpose_b = false;
  float alpha = 1;
  float beta = 1;
};

// Of Gemm and mini_infer.Gemm. Fails, naming expected and found, unless all inputs fit.
core::Result<GemmGeometry> gemm_geometry(const NodeView& view);

}  // namespace mini_infer::ops
