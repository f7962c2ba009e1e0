#include "importers/onnx/attribute_value.h"

#include <string>

#include "core/try.h"
#include "importers/onnx/fields.h"

namespace mini_infer::importers {
namespace {

using core::Status;
using graph::Attribute;

// The field that holds a value of this type; 0 for a type that the standard does not have.
std::uint32_t field_of(AttributeType type) {
  switch (type) {
    case AttributeType::kFloat:
      return fields::attribute::kFloat;
    case AttributeType::kInt:
      return fields::attribute::kInt;
    case AttributeType::kString:
      return fields::attribute::kString;
    case AttributeType::kTensor:
      return fields::attribute::kTensor;
    case AttributeType::kGraph:
      return fields::attribute::kGraph;
    case AttributeType::kFloats:
      return fields::attribute::kFloats;
    case AttributeType::kInts:
      return fields::attribute::kInts;
    case AttributeType::kStrings:
      return fields::attribute::kStrings;
    case AttributeType::kTensors:
      return fields::attribute::kTensors;
    case AttributeType::kGraphs:
      return fields::attribute::kGraphs;
    case AttributeType::kSparseTensor:
      return fields::attribute::kSparseTensor;
    case AttributeType::kSparseTensors:
      return fields::attribute::kSparseTensors;
    case AttributeType::kTypeProto:
      return fields::attribute::kTypeProto;
    case AttributeType::kTypeProtos:
      return fields::attribute::kTypeProtos;
    default:
      return 0;
  }
}

Status check_form(const AttributeMessage& message) {
  if (!message.ref_attr_name.empty()) {
    return {Status::ERROR_UNSUPPORTED,
            "refers to '" + std::string(message.ref_attr_name) + "', an attribute of a function"};
  }
  const std::uint32_t field = field_of(message.type);
  if (field == 0) {
    return {Status::ERROR_INVALID_MODEL,
            "has the unknown type " + std::to_string(static_cast<std::int64_t>(message.type))};
  }
  if (message.value_field != 0 && message.value_field != field) {
    return {Status::ERROR_INVALID_MODEL, "holds a value that is not of its stated type"};
  }
  return Status::SUCCESS;
}

Status missing_value() { return {Status::ERROR_INVALID_MODEL, "holds no value"}; }

core::Result<Attribute> tensors_of(const AttributeMessage& message, const TensorSource& source) {
  std::vector<core::Tensor> tensors;
  for (const TensorMessage& tensor : message.tensors) {
    MI_ASSIGN(core::Tensor made, make_tensor(tensor, source));
    tensors.push_back(std::move(made));
  }
  return Attribute(std::move(tensors));
}

core::Result<Attribute> graphs_of(const AttributeMessage& message,
                                  const SubgraphImport& import_subgraph) {
  std::vector<std::shared_ptr<const graph::Graph>> graphs;
  for (const GraphMessage& subgraph : message.graphs) {
    MI_ASSIGN(auto made, import_subgraph(subgraph));
    graphs.push_back(std::move(made));
  }
  return Attribute(std::move(graphs));
}

}  // namespace

core::Result<Attribute> attribute_value(const AttributeMessage& message, const TensorSource& source,
                                        const SubgraphImport& import_subgraph) {
  MI_TRY(check_form(message));
  switch (message.type) {
    case AttributeType::kFloat:
      return Attribute(message.floats.empty() ? 0.0F : message.floats.back());
    case AttributeType::kInt:
      return Attribute(message.ints.empty() ? std::int64_t{0} : message.ints.back());
    case AttributeType::kString:
      return Attribute(std::string(message.strings.empty() ? "" : message.strings.back()));
    case AttributeType::kFloats:
      return Attribute(message.floats);
    case AttributeType::kInts:
      return Attribute(message.ints);
    case AttributeType::kStrings:
      return Attribute(std::vector<std::string>(message.strings.begin(), message.strings.end()));
    case AttributeType::kTensor: {
      if (message.tensors.empty()) return missing_value();
      MI_ASSIGN(core::Tensor tensor, make_tensor(message.tensors.back(), source));
      return Attribute(std::move(tensor));
    }
    case AttributeType::kGraph: {
      if (message.graphs.empty()) return missing_value();
      MI_ASSIGN(auto subgraph, import_subgraph(message.graphs.back()));
      return Attribute(std::move(subgraph));
    }
    case AttributeType::kTensors:
      return tensors_of(message, source);
    case AttributeType::kGraphs:
      return graphs_of(message, import_subgraph);
    default:
      return {Status::ERROR_UNSUPPORTED, "is a sparse tensor or a type, which is not supported"};
  }
}

}  // namespace mini_infer::importers
