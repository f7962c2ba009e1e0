#include "importers/onnx/constant_node.h"

#include <span>
#include <string>

#include "core/try.h"
#include "importers/onnx/fields.h"
#include "importers/onnx/sparse_tensor.h"

namespace mini_infer::importers {
namespace {

using core::DataType;
using core::Status;
using core::Tensor;

template <typename T>
Tensor scalar(DataType type, const std::vector<T>& values) {
  const T value = values.empty() ? T{} : values.back();
  return Tensor::from(type, {}, std::span(&value, 1));
}

template <typename T>
Tensor list(DataType type, const std::vector<T>& values) {
  return Tensor::from(type, {static_cast<std::int64_t>(values.size())}, std::span(values));
}

Status expect(const AttributeMessage& attribute, AttributeType type) {
  if (attribute.type == type) return Status::SUCCESS;
  return {Status::ERROR_INVALID_MODEL,
          "attribute '" + std::string(attribute.name) + "' has the wrong type"};
}

}  // namespace

core::Result<Tensor> constant_of(const NodeMessage& node, const TensorSource& source) {
  if (node.attributes.size() != 1 || !node.inputs.empty() || node.outputs.size() != 1) {
    return {Status::ERROR_INVALID_MODEL, "a Constant has one attribute, no input and one output"};
  }
  const AttributeMessage& attribute = node.attributes.front();
  if (!attribute.ref_attr_name.empty()) {
    return {Status::ERROR_UNSUPPORTED, "the value refers to an attribute of a function"};
  }
  if (attribute.name == "value") {
    MI_TRY(expect(attribute, AttributeType::kTensor));
    if (attribute.tensors.empty()) return {Status::ERROR_INVALID_MODEL, "holds no tensor"};
    return make_tensor(attribute.tensors.back(), source);
  }
  if (attribute.name == "sparse_value") {
    MI_TRY(expect(attribute, AttributeType::kSparseTensor));
    if (attribute.sparse_tensors.empty()) return {Status::ERROR_INVALID_MODEL, "holds no tensor"};
    return make_dense(attribute.sparse_tensors.back(), source);
  }
  if (attribute.name == "value_int") {
    MI_TRY(expect(attribute, AttributeType::kInt));
    return scalar(DataType::kInt64, attribute.ints);
  }
  if (attribute.name == "value_ints") {
    MI_TRY(expect(attribute, AttributeType::kInts));
    return list(DataType::kInt64, attribute.ints);
  }
  if (attribute.name == "value_float") {
    MI_TRY(expect(attribute, AttributeType::kFloat));
    return scalar(DataType::kFloat32, attribute.floats);
  }
  if (attribute.name == "value_floats") {
    MI_TRY(expect(attribute, AttributeType::kFloats));
    return list(DataType::kFloat32, attribute.floats);
  }
  return {Status::ERROR_UNSUPPORTED, "a constant given by the attribute '" +
                                         std::string(attribute.name) + "' is not supported"};
}

}  // namespace mini_infer::importers
