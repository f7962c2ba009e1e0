#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "importers/model_writer.h"
#include "importers/onnx/import_model.h"
#include "importers/onnx/model_files.h"

namespace mini_infer::test {

// Knows every operator, so that tests of the importer do not depend on the operators there are.
inline const ops::OpDef* any_operator(std::string_view, std::string_view) {
  static const ops::OpDef kAny = {.type = "any", .since = 1};
  return &kAny;
}

inline core::Result<std::shared_ptr<graph::Graph>> import_bytes(
    const std::string& bytes, const importers::OnnxOptions& options = {},
    const std::filesystem::path& folder = ".") {
  // A copy of exactly this size, so that sanitisers see every byte read beyond the end.
  const std::shared_ptr<char[]> copy(new char[bytes.size()]);
  bytes.copy(copy.get(), bytes.size());
  importers::ModelFiles files(folder / "model.onnx", options.file_access);
  const auto external = [&](std::string_view location) { return files.external(location); };
  return importers::import_model({{copy.get(), bytes.size()}, copy, external}, options,
                                 any_operator);
}

inline core::Result<std::shared_ptr<graph::Graph>> import_bytes(
    const ModelWriter& model, const importers::OnnxOptions& options = {},
    const std::filesystem::path& folder = ".") {
  return import_bytes(model.bytes(), options, folder);
}

}  // namespace mini_infer::test
