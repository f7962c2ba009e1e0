#include "importers/onnx/declared_type.h"

#include <algorithm>
#include <string>
#include <vector>

#include "core/try.h"
#include "importers/onnx/element_type.h"

namespace mini_infer::importers {
namespace {

using core::Status;

core::Result<core::DataType> tensor_element_type(const TypeMessage& type) {
  const auto element = element_type(type.element_type);
  if (!type.is_tensor || element == core::DataType::kString) {
    return {Status::ERROR_UNSUPPORTED, "is of type " + (type.text.empty() ? "unknown" : type.text) +
                                           "; only tensors of numbers and bools are supported"};
  }
  if (!element) {
    return {Status::ERROR_INVALID_MODEL, "has element type " + std::to_string(type.element_type)};
  }
  return *element;
}

core::Result<std::vector<graph::Dim>> declared_dims(const std::vector<DimMessage>& messages) {
  std::vector<graph::Dim> dims;
  for (const DimMessage& message : messages) {
    // Some exporters write an unknown extent as -1.
    if (message.value && *message.value < -1) {
      return {Status::ERROR_INVALID_MODEL, "extent " + std::to_string(dims.size()) + " is " +
                                               std::to_string(*message.value) +
                                               "; an unknown extent is a dim_param, or -1"};
    }
    dims.push_back({message.value.value_or(-1), std::string(message.param)});
  }
  return dims;
}

Status set_known_shape(graph::Value& value) {
  std::vector<std::int64_t> extents;
  for (const graph::Dim& dim : *value.declared) {
    if (dim.extent < 0) return Status::SUCCESS;
    extents.push_back(dim.extent);
  }
  core::Shape shape(std::move(extents));
  if (!core::checked_bytes(value.type, shape)) {
    return {Status::ERROR_INVALID_MODEL, std::string(core::type_name(value.type)) +
                                             shape.to_string() + " is larger than any memory"};
  }
  value.shape = std::move(shape);
  return Status::SUCCESS;
}

Status declare(const TypeMessage& type, graph::Value& value) {
  MI_ASSIGN(const core::DataType element, tensor_element_type(type));
  if (value.type == core::DataType::kUndefined) value.type = element;
  if (type.dims && !value.declared) {
    MI_ASSIGN(value.declared, declared_dims(*type.dims));
  }
  return Status::SUCCESS;
}

}  // namespace

Status declare_input(const TypeMessage& type, graph::Value& value) {
  Status status = declare(type, value);
  if (status.ok() && value.declared) status = set_known_shape(value);
  return status.with_context("input '" + value.name + "'");
}

Status declare_output(const TypeMessage& type, graph::Value& value) {
  return declare(type, value).with_context("output '" + value.name + "'");
}

}  // namespace mini_infer::importers
