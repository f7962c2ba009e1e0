#pragma once

#include <array>
#include <optional>

#include "mini_infer/graph/graph.h"

namespace mini_infer::optimizer {

// c[0] + c[1] x + c[2] x² + c[3] x³
using Cubic = std::array<double, 4>;

// The value as such a polynomial of `x`, however Add, Sub, Mul, Div by a number and Pow with a
// whole exponent put it together; nullopt when it depends on anything else, or is of a higher
// degree.
std::optional<Cubic> cubic_of(const graph::Graph& graph, graph::ValueId value, graph::ValueId x);

}  // namespace mini_infer::optimizer
