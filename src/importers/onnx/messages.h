#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// The messages of onnx.proto as the wire gives them: syntax only, nothing is believed yet. Text and
// bytes are views into the file, so a message must not outlive it.
namespace mini_infer::importers {

// What nesting a file may ask of the call stack.
inline constexpr int kMaxSubgraphDepth = 32;
inline constexpr int kMaxTypeDepth = 16;

struct TensorMessage {
  // Part of a typed data field. Packed or not, the parts of one field put end to end are its
  // elements: little-endian for floats, varints for integers.
  struct Piece {
    std::uint32_t field = 0;
    std::string_view bytes;
  };
  using Entry = std::pair<std::string_view, std::string_view>;

  std::string_view name;
  std::int64_t data_type = 0;
  std::vector<std::int64_t> dims;
  bool has_segment = false;
  bool is_external = false;
  std::optional<std::string_view> raw;
  std::vector<Piece> pieces;
  std::vector<Entry> external_data;
};

// A tensor of zeros but for `values`, whose places `indices` tell.
struct SparseTensorMessage {
  TensorMessage values;
  TensorMessage indices;
  std::vector<std::int64_t> dims;
};

struct GraphMessage;

// AttributeProto.AttributeType.
enum class AttributeType : std::int64_t {
  kUndefined = 0,
  kFloat = 1,
  kInt = 2,
  kString = 3,
  kTensor = 4,
  kGraph = 5,
  kFloats = 6,
  kInts = 7,
  kStrings = 8,
  kTensors = 9,
  kGraphs = 10,
  kSparseTensor = 11,
  kSparseTensors = 12,
  kTypeProto = 13,
  kTypeProtos = 14,
};

struct AttributeMessage {
  std::string_view name;
  std::string_view ref_attr_name;
  AttributeType type = AttributeType::kUndefined;
  // The number of the field that holds the value; 0 when none is there, as for zero in proto3.
  std::uint32_t value_field = 0;
  // The one that `value_field` names holds the value; a single value is the last element.
  std::vector<std::int64_t> ints;
  std::vector<float> floats;
  std::vector<std::string_view> strings;
  std::vector<TensorMessage> tensors;
  std::vector<SparseTensorMessage> sparse_tensors;
  std::vector<GraphMessage> graphs;
};

struct NodeMessage {
  std::string_view name;
  std::string_view op_type;
  std::string_view domain;  // "" for ai.onnx
  std::vector<std::string_view> inputs;
  std::vector<std::string_view> outputs;
  std::vector<AttributeMessage> attributes;
};

struct DimMessage {
  std::optional<std::int64_t> value;
  std::string_view param;
};

struct TypeMessage {
  std::string text;  // "sequence(tensor(float))"
  bool is_tensor = false;
  std::int64_t element_type = 0;
  std::optional<std::vector<DimMessage>> dims;
};

struct ValueInfoMessage {
  std::string_view name;
  std::optional<TypeMessage> type;
};

struct GraphMessage {
  std::string_view name;
  std::vector<NodeMessage> nodes;
  std::vector<TensorMessage> initialisers;
  std::vector<SparseTensorMessage> sparse_initialisers;  // named as their values are
  std::vector<ValueInfoMessage> inputs;
  std::vector<ValueInfoMessage> outputs;
};

struct OpsetMessage {
  std::string_view domain;  // "" for ai.onnx
  std::int64_t version = 0;
};

struct FunctionMessage {
  std::string_view domain;
  std::string_view name;
};

struct ModelMessage {
  std::int64_t ir_version = 0;
  std::vector<OpsetMessage> opset_imports;
  std::vector<FunctionMessage> functions;
  std::optional<GraphMessage> graph;
};

}  // namespace mini_infer::importers
