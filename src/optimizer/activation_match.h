#pragma once

#include <optional>

#include "mini_infer/graph/graph.h"
#include "ops/activation.h"

namespace mini_infer::optimizer {

// The node as an activation of its input 0; nullopt when it is none, or one whose bounds are not
// known before running.
std::optional<ops::Activation> activation_of(const graph::Graph& graph, const graph::Node& node);

// Turns x * HardSigmoid(x) and x * Clip(x + 3, 0, 6) / 6, as exporters write it, into HardSwish.
// Leaves what it no longer needs dead.
void recognise_hard_swish(graph::Graph& graph);

}  // namespace mini_infer::optimizer
