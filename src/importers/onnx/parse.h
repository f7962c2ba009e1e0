#pragma once

#include <string_view>

#include "importers/onnx/messages.h"
#include "mini_infer/core/status.h"

// From the bytes of one protobuf message to its fields. Unknown fields are skipped, as protobuf
// asks. ERROR_INVALID_MODEL names the message that is no protobuf or cut short; ERROR_UNSUPPORTED
// names nesting that is too deep. `depth` counts the graphs (types) around this one.
namespace mini_infer::importers {

core::Result<ModelMessage> parse_model(std::string_view bytes);
core::Result<GraphMessage> parse_graph(std::string_view bytes, int depth);
core::Result<NodeMessage> parse_node(std::string_view bytes, int depth);
core::Result<AttributeMessage> parse_attribute(std::string_view bytes, int depth);
core::Result<TensorMessage> parse_tensor(std::string_view bytes);
core::Result<SparseTensorMessage> parse_sparse_tensor(std::string_view bytes);
core::Result<ValueInfoMessage> parse_value_info(std::string_view bytes);
core::Result<TypeMessage> parse_type(std::string_view bytes, int depth);

// The domain as Graph keeps it: "ai.onnx" is "".
std::string_view normal_domain(std::string_view domain);

}  // namespace mini_infer::importers
