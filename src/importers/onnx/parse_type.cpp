#include "importers/onnx/element_type.h"
#include "importers/onnx/fields.h"
#include "importers/onnx/parse.h"
#include "importers/onnx/wire.h"

namespace mini_infer::importers {
namespace {

using core::Status;

core::Result<DimMessage> parse_dim(std::string_view bytes) {
  DimMessage dim;
  MI_TRY(read_fields("TensorShapeProto.Dimension", bytes, [&](FieldReader& field) -> Status {
    switch (field.tag()) {
      case fields::dimension::kValue:
        dim.value = field.get_int();
        break;
      case fields::dimension::kParam:
        dim.param = field.get_bytes();
        break;
      default:
        field.skip();
    }
    return Status::SUCCESS;
  }));
  return dim;
}

Status read_shape(std::string_view bytes, std::vector<DimMessage>& dims) {
  return read_fields("TensorShapeProto", bytes, [&](FieldReader& field) -> Status {
    if (field.tag() == fields::shape::kDim) {
      return append(dims, "extent", parse_dim(field.get_bytes()));
    }
    field.skip();
    return Status::SUCCESS;
  });
}

// TypeProto.Tensor or TypeProto.SparseTensor, which look the same.
Status read_tensor_type(std::string_view bytes, TypeMessage& type) {
  return read_fields("TypeProto.Tensor", bytes, [&](FieldReader& field) -> Status {
    switch (field.tag()) {
      case fields::tensor_type::kElemType:
        type.element_type = field.get_int();
        break;
      case fields::tensor_type::kShape:
        return read_shape(field.get_bytes(), type.dims.emplace());
      default:
        field.skip();
    }
    return Status::SUCCESS;
  });
}

// The text of the type that TypeProto.Sequence or TypeProto.Optional is made of.
core::Result<std::string> element_text(std::string_view bytes, int depth) {
  std::string text;
  MI_TRY(read_fields("TypeProto", bytes, [&](FieldReader& field) -> Status {
    if (field.tag() != fields::element_type::kElemType) {
      field.skip();
      return Status::SUCCESS;
    }
    MI_ASSIGN(TypeMessage element, parse_type(field.get_bytes(), depth + 1));
    text = std::move(element.text);
    return Status::SUCCESS;
  }));
  return text;
}

core::Result<std::string> map_text(std::string_view bytes, int depth) {
  std::string key, value;
  MI_TRY(read_fields("TypeProto.Map", bytes, [&](FieldReader& field) -> Status {
    if (field.tag() == fields::map_type::kKeyType) {
      key = element_type_name(field.get_int());
    } else if (field.tag() == fields::map_type::kValueType) {
      MI_ASSIGN(TypeMessage element, parse_type(field.get_bytes(), depth + 1));
      value = std::move(element.text);
    } else {
      field.skip();
    }
    return Status::SUCCESS;
  }));
  return "map(" + key + "," + value + ")";
}

// TypeProto is a oneof: the last kind on the wire is the one meant.
Status read_kind(FieldReader& field, int depth, TypeMessage& type) {
  TypeMessage kind;
  switch (field.tag()) {
    case fields::type::kTensor:
    case fields::type::kSparseTensor: {
      kind.is_tensor = field.tag() == fields::type::kTensor;
      MI_TRY(read_tensor_type(field.get_bytes(), kind));
      kind.text = std::string(kind.is_tensor ? "tensor(" : "sparse_tensor(") +
                  element_type_name(kind.element_type) + ")";
      break;
    }
    case fields::type::kSequence: {
      MI_ASSIGN(const std::string element, element_text(field.get_bytes(), depth));
      kind.text = "sequence(" + element + ")";
      break;
    }
    case fields::type::kOptional: {
      MI_ASSIGN(const std::string element, element_text(field.get_bytes(), depth));
      kind.text = "optional(" + element + ")";
      break;
    }
    case fields::type::kMap: {
      MI_ASSIGN(kind.text, map_text(field.get_bytes(), depth));
      break;
    }
    case fields::type::kOpaque:
      kind.text = "opaque";
      field.skip();
      break;
    default:
      field.skip();
      return Status::SUCCESS;
  }
  type = std::move(kind);
  return Status::SUCCESS;
}

}  // namespace

core::Result<TypeMessage> parse_type(std::string_view bytes, int depth) {
  if (depth > kMaxTypeDepth) {
    return {Status::ERROR_UNSUPPORTED,
            "a type is nested more than " + std::to_string(kMaxTypeDepth) + " deep"};
  }
  TypeMessage type;
  MI_TRY(read_fields("TypeProto", bytes,
                     [&](FieldReader& field) { return read_kind(field, depth, type); }));
  return type;
}

core::Result<ValueInfoMessage> parse_value_info(std::string_view bytes) {
  ValueInfoMessage value;
  MI_TRY(read_fields("ValueInfoProto", bytes, [&](FieldReader& field) -> Status {
    switch (field.tag()) {
      case fields::value_info::kName:
        value.name = field.get_bytes();
        break;
      case fields::value_info::kType: {
        MI_ASSIGN(TypeMessage type, parse_type(field.get_bytes(), 0));
        // Exporters write an empty TypeProto for "unknown".
        if (!type.text.empty()) value.type = std::move(type);
        break;
      }
      default:
        field.skip();
    }
    return Status::SUCCESS;
  }));
  return value;
}

}  // namespace mini_infer::importers
