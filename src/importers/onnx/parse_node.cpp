#include "importers/onnx/fields.h"
#include "importers/onnx/parse.h"
#include "importers/onnx/wire.h"

namespace mini_infer::importers {

using core::Status;

core::Result<NodeMessage> parse_node(std::string_view bytes, int depth) {
  NodeMessage node;
  MI_TRY(read_fields("NodeProto", bytes, [&](FieldReader& field) -> Status {
    switch (field.tag()) {
      case fields::node::kInput:
        node.inputs.push_back(field.get_bytes());
        break;
      case fields::node::kOutput:
        node.outputs.push_back(field.get_bytes());
        break;
      case fields::node::kName:
        node.name = field.get_bytes();
        break;
      case fields::node::kOpType:
        node.op_type = field.get_bytes();
        break;
      case fields::node::kDomain:
        node.domain = normal_domain(field.get_bytes());
        break;
      case fields::node::kAttribute:
        return append(node.attributes, "attribute", parse_attribute(field.get_bytes(), depth));
      default:
        field.skip();
    }
    return Status::SUCCESS;
  }));
  return node;
}

}  // namespace mini_infer::importers
