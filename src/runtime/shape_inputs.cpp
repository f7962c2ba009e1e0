#include "mini_infer/runtime/shape_inputs.h"

#include "ops/infer.h"

namespace mini_infer::runtime {

std::vector<std::string> shape_deciding_inputs(const graph::Graph& graph) {
  return ops::shape_deciding_inputs(graph);
}

}  // namespace mini_infer::runtime
