#pragma once

#include <optional>
#include <vector>

#include "optimizer/layout/rules.h"

namespace mini_infer::optimizer {

// Decides for each node whether it is computed channels last, so that the fewest bytes are moved
// between layouts. `ports[id]` is nullopt for a node that is computed channels first in any case.
//
// A value whose maker and readers disagree is converted once per direction, whoever reads it. So
// the choice is a minimum cut: nodes on the source's side are channels last.
std::vector<bool> assign_layouts(const Rewriter& rewriter,
                                 const std::vector<std::optional<LayoutPorts>>& ports);

}  // namespace mini_infer::optimizer
