#include "importers/onnx/fields.h"
#include "importers/onnx/parse.h"
#include "importers/onnx/wire.h"

namespace mini_infer::importers {
namespace {

using core::Status;

bool holds_value(std::uint32_t field) {
  switch (field) {
    case fields::attribute::kName:
    case fields::attribute::kType:
    case fields::attribute::kRefAttrName:
    case fields::attribute::kDocString:
      return false;
    default:
      return field >= fields::attribute::kFloat && field <= fields::attribute::kSparseTensors;
  }
}

Status read_value(FieldReader& field, int depth, AttributeMessage& attribute) {
  switch (field.tag()) {
    case fields::attribute::kFloat:
      attribute.floats.push_back(field.get_float());
      break;
    case fields::attribute::kInt:
      attribute.ints.push_back(field.get_int());
      break;
    case fields::attribute::kString:
    case fields::attribute::kStrings:
      attribute.strings.push_back(field.get_bytes());
      break;
    case fields::attribute::kFloats:
      field.append_floats(attribute.floats);
      break;
    case fields::attribute::kInts:
      field.append_ints(attribute.ints);
      break;
    case fields::attribute::kTensor:
    case fields::attribute::kTensors:
      return append(attribute.tensors, "tensor", parse_tensor(field.get_bytes()));
    case fields::attribute::kSparseTensor:
    case fields::attribute::kSparseTensors:
      return append(attribute.sparse_tensors, "sparse tensor",
                    parse_sparse_tensor(field.get_bytes()));
    case fields::attribute::kGraph:
    case fields::attribute::kGraphs:
      return append(attribute.graphs, "graph", parse_graph(field.get_bytes(), depth + 1));
    default:
      field.skip();
  }
  return Status::SUCCESS;
}

}  // namespace

core::Result<AttributeMessage> parse_attribute(std::string_view bytes, int depth) {
  AttributeMessage attribute;
  MI_TRY(read_fields("AttributeProto", bytes, [&](FieldReader& field) -> Status {
    const std::uint32_t tag = field.tag();
    if (holds_value(tag)) {
      if (attribute.value_field != 0 && attribute.value_field != tag) {
        return {Status::ERROR_INVALID_MODEL,
                "attribute '" + std::string(attribute.name) + "' holds values of two types"};
      }
      attribute.value_field = tag;
      return read_value(field, depth, attribute);
    }
    switch (tag) {
      case fields::attribute::kName:
        attribute.name = field.get_bytes();
        break;
      case fields::attribute::kType:
        attribute.type = static_cast<AttributeType>(field.get_int());
        break;
      case fields::attribute::kRefAttrName:
        attribute.ref_attr_name = field.get_bytes();
        break;
      default:
        field.skip();
    }
    return Status::SUCCESS;
  }));
  return attribute;
}

}  // namespace mini_infer::importers
