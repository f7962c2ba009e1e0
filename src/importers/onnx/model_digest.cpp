#include "mini_infer/importers/model_digest.h"

#include "core/backing_file.h"
#include "core/sha256.h"
#include "core/try.h"
#include "importers/mapped_file.h"
#include "importers/onnx/open_beside.h"

namespace mini_infer::importers {
namespace {

namespace fs = std::filesystem;
using core::Status;

core::Result<std::string> digest(const core::BackingFile& file) {
  core::Sha256 hash;
  hash.add(file.bytes());
  MI_TRY(file.check_unchanged());
  return hash.hex();
}

core::Result<std::string> digest(const fs::path& model, std::size_t index,
                                 const std::string& location) {
  const bool own = index == 0;
  MI_ASSIGN(FileDescriptor file, own ? open_file(model) : open_beside(model, location));
  const fs::path name = own ? model : model.parent_path() / location;
  MI_ASSIGN(const auto mapped, MappedFile::map(std::move(file), name.string()));
  return digest(*mapped);
}

}  // namespace

core::Result<ModelDigest> digest_model(const fs::path& model, const graph::Graph& graph) {
  if (graph.files.empty()) {
    return {Status::ERROR_INVALID_ARGUMENT,
            "digest_model: the graph was not imported from mapped files"};
  }
  ModelDigest all{.name = graph.name, .files = {}};
  for (const auto& file : graph.files) {
    const fs::path path = file->name();
    const bool own = path == model;
    MI_ASSIGN(std::string sha256, digest(*file));
    all.files.push_back({(own ? path.filename() : path.lexically_relative(model.parent_path())),
                         std::move(sha256)});
  }
  return all;
}

core::Result<std::string> check_digest(const fs::path& model, const ModelDigest& stated) {
  for (std::size_t i = 0; i < stated.files.size(); ++i) {
    const FileDigest& file = stated.files[i];
    MI_ASSIGN(const std::string sha256, digest(model, i, file.name));
    if (sha256 == file.sha256) continue;
    std::string text = i == 0 ? "'" : "the external data '";
    text.append(i == 0 ? model.string() : file.name).append("' has other bytes: SHA-256 ");
    return text.append(sha256).append(", expected ").append(file.sha256);
  }
  return std::string();
}

}  // namespace mini_infer::importers
