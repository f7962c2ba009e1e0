#include "importers/onnx/fields.h"
#include "importers/onnx/parse.h"
#include "importers/onnx/wire.h"

namespace mini_infer::importers {
using core::Status;

core::Result<GraphMessage> parse_graph(std::string_view bytes, int depth) {
  if (depth > kMaxSubgraphDepth) {
    return {Status::ERROR_UNSUPPORTED,
            "subgraphs are nested more than " + std::to_string(kMaxSubgraphDepth) + " deep"};
  }
  GraphMessage graph;
  MI_TRY(read_fields("GraphProto", bytes, [&](FieldReader& field) -> Status {
    switch (field.tag()) {
      case fields::graph::kNode:
        return append(graph.nodes, "node", parse_node(field.get_bytes(), depth));
      case fields::graph::kName:
        graph.name = field.get_bytes();
        break;
      case fields::graph::kInitializer:
        return append(graph.initialisers, "initialiser", parse_tensor(field.get_bytes()));
      case fields::graph::kSparseInitializer:
        return append(graph.sparse_initialisers, "sparse initialiser",
                      parse_sparse_tensor(field.get_bytes()));
      case fields::graph::kInput:
        return append(graph.inputs, "input", parse_value_info(field.get_bytes()));
      case fields::graph::kOutput:
        return append(graph.outputs, "output", parse_value_info(field.get_bytes()));
      default:
        field.skip();
    }
    return Status::SUCCESS;
  }));
  return graph;
}

}  // namespace mini_infer::importers
