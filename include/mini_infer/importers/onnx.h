#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "mini_infer/core/export.h"
#include "mini_infer/core/status.h"
#include "mini_infer/core/types.h"
#include "mini_infer/graph/graph.h"

// Reads ONNX models, opsets 7 to 28, from a file or from memory:
//
//   auto graph = importers::import_onnx("model.onnx", {.shapes = {{"image", {1, 3, 224, 224}}}});
//   if (!graph.ok()) return graph.status();
namespace mini_infer::importers {

// How the bytes of a model's files get into memory.
enum class FileAccess {
  // The files are mapped and weights stay views into the maps, which live as long as any constant
  // does: nothing is held twice. An engine is built only from files that are as they were at
  // import;
  // but a file that somebody else makes shorter while its bytes are read, by import or by
  // Engine::build, ends the process with SIGBUS.
  kMap,
  // The files are read into memory of their own. Whatever happens to them later changes nothing.
  kRead,
};

// Bytes that a callback hands out.
struct ExternalBytes {
  std::span<const std::byte> bytes;
  // Keeps `bytes` alive and unchanged. Null: the importer copies the bytes before it asks again.
  std::shared_ptr<const void> owner;
};

// Gives the whole content of what a model calls `location`: the relative path of a file, as the
// model states it and not checked further. It is asked once for each location, during import only
// and on its thread. An error it returns becomes that of the import, with the tensor's name before
// it.
using ExternalDataReader = std::function<core::Result<ExternalBytes>(std::string_view location)>;

struct OnnxOptions {
  // Extents for graph inputs, by input name; each is given to graph::bind_input_shape.
  std::map<std::string, core::Shape> shapes;
  // Of the model's file and of those beside it.
  FileAccess file_access = FileAccess::kMap;
  // Where tensors are that the model keeps outside its own bytes. Empty: in files beside the
  // model's, and nowhere for a model in memory.
  ExternalDataReader external_data = nullptr;
};

// Reads the ONNX file at `path`, and external data from files that lie, once links are followed,
// beneath the folder of `path` or beneath the folder of the file that `path` is a link to.
//
// Returns the graph, which the caller owns. Several threads may import at once.
// ERROR_IO: cannot be read. ERROR_INVALID_MODEL: not a protobuf, truncated, or breaks the standard.
// ERROR_UNSUPPORTED: lists all operators we lack with counts, opsets and a first node each.
// ERROR_INVALID_ARGUMENT: `options` name an input that is not there or disagree with the file.
// Symbols left unbound are not an error here: inference names them.
[[nodiscard]] MINI_INFER_API core::Result<std::shared_ptr<graph::Graph>> import_onnx(
    const std::filesystem::path& path, const OnnxOptions& options = {});

// The same for a model in memory. `owner` keeps `model` alive and unchanged for as long as the
// graph, whose weights then are views into it; null: the bytes are copied.
[[nodiscard]] MINI_INFER_API core::Result<std::shared_ptr<graph::Graph>> import_onnx(
    std::span<const std::byte> model, const OnnxOptions& options = {},
    std::shared_ptr<const void> owner = nullptr);

}  // namespace mini_infer::importers
