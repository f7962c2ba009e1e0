#include "importers/onnx/model_files.h"

#include "core/try.h"
#include "importers/onnx/open_beside.h"

namespace mini_infer::importers {

core::Result<Region> ModelFiles::model() {
  MI_ASSIGN(FileDescriptor file, open_file(model_));
  return load(std::move(file), model_.string());
}

core::Result<Region> ModelFiles::external(std::string_view location) {
  MI_ASSIGN(FileDescriptor file, open_beside(model_, location));
  return load(std::move(file), (model_.parent_path() / location).string());
}

core::Result<Region> ModelFiles::load(FileDescriptor file, const std::string& name) {
  if (access_ == FileAccess::kRead) return read_whole(file, name);
  MI_ASSIGN(auto mapped, MappedFile::map(std::move(file), name));
  mapped_.push_back(mapped);
  return Region{mapped->bytes(), mapped};
}

}  // namespace mini_infer::importers
