#pragma once

#include "ops/node_view.h"

namespace mini_infer::ops {

// The image seen as rows of neighbours. A row has one gate per element (channels last), or one for
// all of it (channels first).
struct ScaleGeometry {
  std::int64_t rows = 0;
  std::int64_t length = 0;
  std::int64_t rows_per_gates = 1;  // neighbouring rows that share their gates
  bool gate_per_element = false;

  std::int64_t gates_per_row() const { return gate_per_element ? length : 1; }
};

core::Result<ScaleGeometry> scale_geometry(const NodeView& view);

}  // namespace mini_infer::ops
