#pragma once

#include <filesystem>
#include <memory>
#include <string_view>
#include <vector>

#include "core/backing_file.h"
#include "importers/mapped_file.h"
#include "mini_infer/core/status.h"
#include "mini_infer/importers/onnx.h"

namespace mini_infer::importers {

// The files of one model: its own, and those beside it that hold weights. One thread at a time.
class ModelFiles {
 public:
  ModelFiles(std::filesystem::path model, FileAccess access)
      : model_(std::move(model)), access_(access) {}

  // The bytes of the model's own file.
  [[nodiscard]] core::Result<Region> model();
  // The bytes of the file that the model calls `location`: see open_beside().
  [[nodiscard]] core::Result<Region> external(std::string_view location);

  // The files that are mapped; none of those that were read.
  const std::vector<std::shared_ptr<const core::BackingFile>>& mapped() const { return mapped_; }

 private:
  core::Result<Region> load(FileDescriptor file, const std::string& name);

  std::filesystem::path model_;
  FileAccess access_;
  std::vector<std::shared_ptr<const core::BackingFile>> mapped_;
};

}  // namespace mini_infer::importers
