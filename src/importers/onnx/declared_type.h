#pragma once

#include "importers/onnx/messages.h"
#include "mini_infer/core/status.h"
#include "mini_infer/graph/graph.h"

// What a file says about a graph input or output, put into its value. ERROR_UNSUPPORTED names what
// is no tensor, ERROR_INVALID_MODEL a negative extent or a size beyond any memory.
namespace mini_infer::importers {

// Also sets the shape when every extent is known.
[[nodiscard]] core::Status declare_input(const TypeMessage& type, graph::Value& value);

// What an output is found to be by inference is not overruled: the file is only quoted.
[[nodiscard]] core::Status declare_output(const TypeMessage& type, graph::Value& value);

}  // namespace mini_infer::importers
