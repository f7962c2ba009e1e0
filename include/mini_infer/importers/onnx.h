#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>

#include "mini_infer/core/export.h"
#include "mini_infer/core/status.h"
#include "mini_infer/core/types.h"
#include "mini_infer/graph/graph.h"

namespace mini_infer::importers {

struct OnnxOptions {
  // Extents for graph inputs, by input name; each is given to graph::bind_input_shape.
  std::map<std::string, core::Shape> shapes;
};

// Reads an ONNX file (opset 7 to 28) through a memory map. Weights stay views into the map, which
// lives as long as any constant does; external data is opened only beneath the model's own folder,
// never through a link. The file must not change while the graph lives.
//
// ERROR_IO: cannot be read. ERROR_INVALID_MODEL: not a protobuf, truncated, or breaks the standard.
// ERROR_UNSUPPORTED: lists all operators we lack with counts, opsets and a first node each.
// ERROR_INVALID_ARGUMENT: `options` name an input that is not there or disagree with the file.
// Symbols left unbound are not an error here: inference names them.
MINI_INFER_API core::Result<std::shared_ptr<graph::Graph>> import_onnx(
    const std::filesystem::path& path, const OnnxOptions& options = {});

}  // namespace mini_infer::importers
