#include "runtime/legalize_outputs.h"

#include <algorithm>

namespace mini_infer::runtime {

void legalize_outputs(graph::Graph& graph) {
  for (std::size_t i = 0; i < graph.outputs.size(); ++i) {
    const graph::ValueId output = graph.outputs[i];
    const auto seen_end = graph.outputs.begin() + static_cast<std::ptrdiff_t>(i);
    const bool repeated = std::find(graph.outputs.begin(), seen_end, output) != seen_end;
    const graph::Value& value = graph.value(output);
    if (!repeated && !value.is_constant() && value.producer != graph::kNoNode) continue;
    graph::Value copy;
    copy.name = value.name;
    copy.type = value.type;
    copy.shape = value.shape;
    const graph::ValueId copied = graph.add_value(std::move(copy));
    graph.add_node({.name = "copy of " + graph.value(output).name,
                    .op = "Copy",
                    .domain = std::string(graph::kInternalDomain),
                    .opset = 1,
                    .inputs = {output},
                    .outputs = {copied},
                    .attributes = {}});
    graph.outputs[i] = copied;
  }
}

}  // namespace mini_infer::runtime
