#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "mini_infer/core/export.h"
#include "mini_infer/core/status.h"
#include "mini_infer/graph/graph.h"

// Which files a model is, so that another copy of them can be told from others:
//
//   auto graph = importers::import_onnx("model.onnx");
//   auto digest = importers::digest_model("model.onnx", **graph);
//   importers::check_digest("copy/model.onnx", *digest);  // an empty text: the same bytes
namespace mini_infer::importers {

struct FileDigest {
  std::string name;    // of the model's own file, without its folder; else as the model calls it
  std::string sha256;  // 64 hex digits
};

struct ModelDigest {
  std::string name;               // what the file calls the model; may be empty
  std::vector<FileDigest> files;  // the model's own, then those that hold its external data
};

// Of a graph that was imported from `model` with FileAccess::kMap and has not been changed since.
// Reads every byte of the files. ERROR_INVALID_ARGUMENT for a graph of no file; ERROR_IO for a file
// that has changed since it was imported. Any number of threads.
[[nodiscard]] MINI_INFER_API core::Result<ModelDigest> digest_model(
    const std::filesystem::path& model, const graph::Graph& graph);

// Says how the files of a model differ from those that are stated, whatever the model's own file is
// called now; returns an empty text where all are the same. External data is looked for where
// import_onnx does. ERROR_IO and ERROR_INVALID_MODEL as of import_onnx. Any number of threads.
[[nodiscard]] MINI_INFER_API core::Result<std::string> check_digest(
    const std::filesystem::path& model, const ModelDigest& stated);

}  // namespace mini_infer::importers
