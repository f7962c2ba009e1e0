#pragma once

#include "mini_infer/graph/graph.h"

namespace mini_infer::optimizer {

// Whether both graphs are the same nodes with the same ids over the same bytes of constants, so
// that they compute the same. Constants are compared by address: both graphs must be alive since
// one was copied from the other. False is always a safe answer.
bool are_identical(const graph::Graph& a, const graph::Graph& b);

}  // namespace mini_infer::optimizer
