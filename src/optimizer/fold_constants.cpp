#include <algorithm>

#include "optimizer/passes.h"

namespace mini_infer::optimizer {

// Inference has given every value computed from constants its bytes; the nodes are left to remove.
core::Status fold_constants(graph::Graph& graph) {
  std::vector<bool> keep;
  keep.reserve(graph.nodes().size());
  for (const graph::Node& node : graph.nodes()) {
    keep.push_back(!std::all_of(node.outputs.begin(), node.outputs.end(), [&](auto output) {
      return output == graph::kNoValue || graph.value(output).is_constant();
    }));
  }
  return graph.compact(keep);
}

}  // namespace mini_infer::optimizer
