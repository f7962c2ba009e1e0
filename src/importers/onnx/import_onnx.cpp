#include <exception>
#include <new>
#include <string>

#include "core/try.h"
#include "importers/mapped_file.h"
#include "importers/onnx/import_model.h"
#include "mini_infer/importers/onnx.h"
#include "ops/op_def.h"

namespace mini_infer::importers {
namespace {

using core::Status;
using GraphResult = core::Result<std::shared_ptr<graph::Graph>>;

const ops::OpDef* find_operator(std::string_view domain, std::string_view type) {
  return ops::find(domain, type);
}

GraphResult import_mapped(const std::filesystem::path& path, const OnnxOptions& options) {
  MI_ASSIGN(auto file, MappedFile::open(path));
  const std::span<const std::byte> bytes = file->bytes();
  const ModelBytes model{
      {reinterpret_cast<const char*>(bytes.data()), bytes.size()}, file, path.parent_path()};
  GraphResult graph = import_model(model, options, find_operator);
  if (graph.ok()) return graph;
  return graph.status().with_context(path.string());
}

}  // namespace

GraphResult import_onnx(const std::filesystem::path& path, const OnnxOptions& options) {
  try {
    return import_mapped(path, options);
  } catch (const std::bad_alloc&) {
    return {Status::ERROR_OUT_OF_MEMORY, path.string() + ": the host has no room for its graph"};
  } catch (const std::exception& error) {
    return {Status::ERROR_INTERNAL, path.string() + ": " + error.what()};
  }
}

}  // namespace mini_infer::importers
