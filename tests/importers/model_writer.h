#pragma once

#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <protozero/pbf_writer.hpp>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "importers/onnx/fields.h"
#include "importers/onnx/messages.h"
#include "mini_infer/core/types.h"

// Writes ONNX models for tests, wrong ones included: what is asked for is written unchecked.
//
//   const std::string bytes = ModelWriter()
//                                 .input("x", DataType::kFloat32, {1, "N"})
//                                 .node("Softmax", {"x"}, {"y"}, {attribute("axis", 1)})
//                                 .output("y", DataType::kFloat32, {1, "N"})
//                                 .bytes();
namespace mini_infer::test {

namespace fields = importers::fields;
using core::DataType;

// One extent of a declared shape: 3, "N", or unknown ("").
class Extent {
 public:
  template <typename T, std::enable_if_t<std::is_integral_v<T>, int> = 0>
  Extent(T value) : value_(static_cast<std::int64_t>(value)), is_known_(true) {}  // NOLINT
  Extent(const char* symbol) : symbol_(symbol) {}                                 // NOLINT

  std::string bytes() const {
    std::string data;
    protozero::pbf_writer dim(data);
    if (is_known_) {
      dim.add_int64(fields::dimension::kValue, value_);
    } else if (!symbol_.empty()) {
      dim.add_string(fields::dimension::kParam, symbol_);
    }
    return data;
  }

 private:
  std::int64_t value_ = 0;
  std::string symbol_;
  bool is_known_ = false;
};

// A TensorProto. Give it data by one of the functions; `packed` data is how protobuf 3 writes it.
class TensorWriter {
 public:
  TensorWriter(const std::string& name, DataType type, const std::vector<std::int64_t>& dims) {
    protozero::pbf_writer tensor(data_);
    for (std::int64_t dim : dims) tensor.add_int64(fields::tensor::kDims, dim);
    tensor.add_int32(fields::tensor::kDataType, static_cast<std::int32_t>(type));
    tensor.add_string(fields::tensor::kName, name);
  }

  template <typename T>
  TensorWriter& raw(const std::vector<T>& values) {
    protozero::pbf_writer(data_).add_bytes(fields::tensor::kRawData,
                                           reinterpret_cast<const char*>(values.data()),
                                           values.size() * sizeof(T));
    return *this;
  }
  TensorWriter& floats(const std::vector<float>& values) {
    protozero::pbf_writer(data_).add_packed_float(fields::tensor::kFloatData, values.begin(),
                                                  values.end());
    return *this;
  }
  TensorWriter& doubles(const std::vector<double>& values) {
    protozero::pbf_writer(data_).add_packed_double(fields::tensor::kDoubleData, values.begin(),
                                                   values.end());
    return *this;
  }
  TensorWriter& ints(std::uint32_t field, const std::vector<std::int64_t>& values) {
    protozero::pbf_writer(data_).add_packed_int64(field, values.begin(), values.end());
    return *this;
  }
  TensorWriter& unpacked_float(float value) {
    protozero::pbf_writer(data_).add_float(fields::tensor::kFloatData, value);
    return *this;
  }
  TensorWriter& unpacked_int(std::uint32_t field, std::int64_t value) {
    protozero::pbf_writer(data_).add_int64(field, value);
    return *this;
  }
  TensorWriter& segment() {
    protozero::pbf_writer(data_).add_message(fields::tensor::kSegment, std::string());
    return *this;
  }
  // A reference to another file, from its keys and texts.
  TensorWriter& external(const std::vector<std::pair<std::string, std::string>>& entries) {
    protozero::pbf_writer tensor(data_);
    tensor.add_int32(fields::tensor::kDataLocation, 1);
    for (const auto& [key, text] : entries) {
      std::string entry;
      protozero::pbf_writer writer(entry);
      writer.add_string(fields::entry::kKey, key);
      writer.add_string(fields::entry::kValue, text);
      tensor.add_message(fields::tensor::kExternalData, entry);
    }
    return *this;
  }

  const std::string& bytes() const { return data_; }

 private:
  std::string data_;
};

// An AttributeProto, made by attribute(), graph_attribute() or attribute_bytes().
struct AttributeBytes {
  std::string bytes;
};

inline AttributeBytes attribute_bytes(const std::string& name, importers::AttributeType type,
                                      const std::string& value) {
  std::string data;
  protozero::pbf_writer writer(data);
  writer.add_string(fields::attribute::kName, name);
  writer.add_int32(fields::attribute::kType, static_cast<std::int32_t>(type));
  return {data + value};
}
template <typename T, std::enable_if_t<std::is_integral_v<T>, int> = 0>
AttributeBytes attribute(const std::string& name, T value) {
  std::string data;
  protozero::pbf_writer(data).add_int64(fields::attribute::kInt, static_cast<std::int64_t>(value));
  return attribute_bytes(name, importers::AttributeType::kInt, data);
}
inline AttributeBytes attribute(const std::string& name, float value) {
  std::string data;
  protozero::pbf_writer(data).add_float(fields::attribute::kFloat, value);
  return attribute_bytes(name, importers::AttributeType::kFloat, data);
}
inline AttributeBytes attribute(const std::string& name, const char* value) {
  std::string data;
  protozero::pbf_writer(data).add_bytes(fields::attribute::kString, value);
  return attribute_bytes(name, importers::AttributeType::kString, data);
}
inline AttributeBytes attribute(const std::string& name, const std::vector<std::int64_t>& values) {
  std::string data;
  protozero::pbf_writer writer(data);
  for (std::int64_t value : values) writer.add_int64(fields::attribute::kInts, value);
  return attribute_bytes(name, importers::AttributeType::kInts, data);
}
inline AttributeBytes attribute(const std::string& name, const std::vector<float>& values) {
  std::string data;
  protozero::pbf_writer(data).add_packed_float(fields::attribute::kFloats, values.begin(),
                                               values.end());
  return attribute_bytes(name, importers::AttributeType::kFloats, data);
}
inline AttributeBytes attribute(const std::string& name, const std::vector<std::string>& values) {
  std::string data;
  protozero::pbf_writer writer(data);
  for (const std::string& value : values) writer.add_bytes(fields::attribute::kStrings, value);
  return attribute_bytes(name, importers::AttributeType::kStrings, data);
}
inline AttributeBytes attribute(const std::string& name, const TensorWriter& tensor) {
  std::string data;
  protozero::pbf_writer(data).add_message(fields::attribute::kTensor, tensor.bytes());
  return attribute_bytes(name, importers::AttributeType::kTensor, data);
}

inline std::string tensor_type(DataType type, const std::vector<Extent>& dims) {
  std::string shape, tensor, data;
  protozero::pbf_writer shape_writer(shape);
  for (const Extent& dim : dims) shape_writer.add_message(fields::shape::kDim, dim.bytes());
  protozero::pbf_writer tensor_writer(tensor);
  tensor_writer.add_int32(fields::tensor_type::kElemType, static_cast<std::int32_t>(type));
  tensor_writer.add_message(fields::tensor_type::kShape, shape);
  protozero::pbf_writer(data).add_message(fields::type::kTensor, tensor);
  return data;
}

// The type "sequence(<element>)"; `element` is what tensor_type() or this function gives.
inline std::string sequence_type(const std::string& element) {
  std::string sequence, data;
  protozero::pbf_writer(sequence).add_message(fields::element_type::kElemType, element);
  protozero::pbf_writer(data).add_message(fields::type::kSequence, sequence);
  return data;
}

// What a main graph and a subgraph have in common. Each call appends one field.
template <typename Self>
class GraphFields {
 public:
  using Names = std::initializer_list<const char*>;

  Self& input(const std::string& name, DataType type, const std::vector<Extent>& dims) {
    return value_info(fields::graph::kInput, name, tensor_type(type, dims));
  }
  Self& output(const std::string& name, DataType type, const std::vector<Extent>& dims) {
    return value_info(fields::graph::kOutput, name, tensor_type(type, dims));
  }
  // With a type written by hand; an empty one is left out.
  Self& input_of(const std::string& name, const std::string& type) {
    return value_info(fields::graph::kInput, name, type);
  }
  Self& output_of(const std::string& name, const std::string& type) {
    return value_info(fields::graph::kOutput, name, type);
  }
  Self& initialiser(const TensorWriter& tensor) {
    return field(fields::graph::kInitializer, tensor.bytes());
  }

  // The node is named by the last call of name(), which serves once.
  Self& name(const std::string& node_name) {
    node_name_ = node_name;
    return self();
  }
  Self& node(const std::string& type, Names inputs, Names outputs,
             const std::vector<AttributeBytes>& attributes = {}, const std::string& domain = "") {
    std::string data;
    protozero::pbf_writer node(data);
    for (const char* input : inputs) node.add_string(fields::node::kInput, input);
    for (const char* output : outputs) node.add_string(fields::node::kOutput, output);
    if (!node_name_.empty()) node.add_string(fields::node::kName, node_name_);
    node.add_string(fields::node::kOpType, type);
    for (const auto& given : attributes) {
      node.add_message(fields::node::kAttribute, given.bytes);
    }
    if (!domain.empty()) node.add_string(fields::node::kDomain, domain);
    node_name_.clear();
    return field(fields::graph::kNode, data);
  }

  // A field of GraphProto written by hand.
  Self& field(std::uint32_t number, const std::string& message) {
    protozero::pbf_writer(graph_).add_message(number, message);
    return self();
  }

  const std::string& graph_bytes() const { return graph_; }

 private:
  Self& self() { return static_cast<Self&>(*this); }

  Self& value_info(std::uint32_t number, const std::string& value_name, const std::string& type) {
    std::string data;
    protozero::pbf_writer value(data);
    value.add_string(fields::value_info::kName, value_name);
    if (!type.empty()) value.add_message(fields::value_info::kType, type);
    return field(number, data);
  }

  std::string node_name_;
  std::string graph_;
};

class GraphWriter : public GraphFields<GraphWriter> {};

inline AttributeBytes attribute(const std::string& name, const GraphWriter& graph) {
  std::string data;
  protozero::pbf_writer(data).add_message(fields::attribute::kGraph, graph.graph_bytes());
  return attribute_bytes(name, importers::AttributeType::kGraph, data);
}

// A whole model; opset 17 of ai.onnx unless told otherwise.
class ModelWriter : public GraphFields<ModelWriter> {
 public:
  ModelWriter& ir_version(std::int64_t version) {
    ir_version_ = version;
    return *this;
  }
  // Imports one more domain; "" takes the place of the default.
  ModelWriter& opset(std::int64_t version, const std::string& domain = "") {
    if (domain.empty()) opsets_.clear();
    opsets_.emplace_back(domain, version);
    return *this;
  }
  ModelWriter& no_opset() {
    opsets_.clear();
    return *this;
  }
  // A model-local function, without a body.
  ModelWriter& function(const std::string& domain, const std::string& function_name) {
    std::string data;
    protozero::pbf_writer function(data);
    function.add_string(fields::function::kName, function_name);
    function.add_string(fields::function::kDomain, domain);
    functions_.push_back(data);
    return *this;
  }

  std::string bytes() const {
    std::string data;
    protozero::pbf_writer model(data);
    model.add_int64(fields::model::kIrVersion, ir_version_);
    for (const auto& [domain, version] : opsets_) {
      std::string import;
      protozero::pbf_writer writer(import);
      writer.add_string(fields::opset::kDomain, domain);
      writer.add_int64(fields::opset::kVersion, version);
      model.add_message(fields::model::kOpsetImport, import);
    }
    for (const std::string& function : functions_) {
      model.add_message(fields::model::kFunctions, function);
    }
    // Last, so that a model cut short anywhere is broken.
    model.add_message(fields::model::kGraph, graph_bytes());
    return data;
  }

  void save(const std::filesystem::path& path) const {
    std::ofstream(path, std::ios::binary) << bytes();
  }

 private:
  std::int64_t ir_version_ = 8;
  std::vector<std::pair<std::string, std::int64_t>> opsets_ = {{"", 17}};
  std::vector<std::string> functions_;
};

}  // namespace mini_infer::test
