#pragma once

#include <optional>

#include "mini_infer/graph/graph.h"
#include "ops/activation.h"

namespace mini_infer::optimizer {

// The node as an activation of its input 0; nullopt when it is none, or one whose bounds are not
// known before running.
std::optional<ops::Activation> activation_of(const graph::Graph& graph, const graph::Node& node);

}  // namespace mini_infer::optimizer
