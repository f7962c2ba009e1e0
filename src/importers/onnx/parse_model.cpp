#include "importers/onnx/fields.h"
#include "importers/onnx/parse.h"
#include "importers/onnx/wire.h"

namespace mini_infer::importers {
namespace {

using core::Status;

core::Result<OpsetMessage> parse_opset(std::string_view bytes) {
  OpsetMessage opset;
  MI_TRY(read_fields("OperatorSetIdProto", bytes, [&](FieldReader& field) -> Status {
    switch (field.tag()) {
      case fields::opset::kDomain:
        opset.domain = normal_domain(field.get_bytes());
        break;
      case fields::opset::kVersion:
        opset.version = field.get_int();
        break;
      default:
        field.skip();
    }
    return Status::SUCCESS;
  }));
  return opset;
}

core::Result<FunctionMessage> parse_function(std::string_view bytes) {
  FunctionMessage function;
  MI_TRY(read_fields("FunctionProto", bytes, [&](FieldReader& field) -> Status {
    switch (field.tag()) {
      case fields::function::kName:
        function.name = field.get_bytes();
        break;
      case fields::function::kDomain:
        function.domain = normal_domain(field.get_bytes());
        break;
      default:
        field.skip();
    }
    return Status::SUCCESS;
  }));
  return function;
}

Status read_main_graph(std::string_view bytes, ModelMessage& model) {
  if (model.graph) return {Status::ERROR_INVALID_MODEL, "ModelProto holds two graphs"};
  auto graph = parse_graph(bytes, 0);
  if (!graph.ok()) return graph.status().with_context("graph");
  model.graph = std::move(*graph);
  return Status::SUCCESS;
}

}  // namespace

std::string_view normal_domain(std::string_view domain) {
  return domain == "ai.onnx" ? std::string_view{} : domain;
}

core::Result<ModelMessage> parse_model(std::string_view bytes) {
  ModelMessage model;
  MI_TRY(read_fields("ModelProto", bytes, [&](FieldReader& field) -> Status {
    switch (field.tag()) {
      case fields::model::kIrVersion:
        model.ir_version = field.get_int();
        break;
      case fields::model::kGraph:
        return read_main_graph(field.get_bytes(), model);
      case fields::model::kOpsetImport:
        return append(model.opset_imports, "opset import", parse_opset(field.get_bytes()));
      case fields::model::kFunctions:
        return append(model.functions, "function", parse_function(field.get_bytes()));
      default:
        field.skip();
    }
    return Status::SUCCESS;
  }));
  return model;
}

}  // namespace mini_infer::importers
