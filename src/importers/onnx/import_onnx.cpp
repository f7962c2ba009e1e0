#include <exception>
#include <new>
#include <string>

#include "core/float_environment.h"
#include "core/try.h"
#include "importers/onnx/import_model.h"
#include "importers/onnx/model_files.h"
#include "mini_infer/importers/onnx.h"
#include "ops/op_def.h"

namespace mini_infer::importers {
namespace {

using core::Status;
using GraphResult = core::Result<std::shared_ptr<graph::Graph>>;

const ops::OpDef* find_operator(std::string_view domain, std::string_view type) {
  return ops::find(domain, type);
}

core::Result<Region> copy(std::span<const std::byte> bytes) {
  MI_ASSIGN(core::Tensor tensor, core::Tensor::allocate(core::DataType::kUInt8,
                                                        {static_cast<std::int64_t>(bytes.size())}));
  std::copy(bytes.begin(), bytes.end(), tensor.mutable_bytes().begin());
  const auto owner = std::make_shared<const core::Tensor>(std::move(tensor));
  return Region{owner->bytes(), owner};
}

ExternalReader reader_of(const ExternalDataReader& callback) {
  return [&callback](std::string_view location) -> core::Result<Region> {
    MI_ASSIGN(const ExternalBytes given, callback(location));
    if (given.owner == nullptr) return copy(given.bytes);
    return Region{given.bytes, given.owner};
  };
}

core::Result<Region> no_reader(std::string_view location) {
  return {Status::ERROR_INVALID_ARGUMENT,
          "its bytes are in '" + std::string(location) +
              "', and the model was imported from memory; set OnnxOptions::external_data"};
}

GraphResult import_region(const Region& model, const OnnxOptions& options,
                          const ExternalReader& files) {
  const std::string_view text(reinterpret_cast<const char*>(model.bytes.data()),
                              model.bytes.size());
  const ExternalReader read = options.external_data ? reader_of(options.external_data) : files;
  return import_model({text, model.owner, read}, options, find_operator);
}

GraphResult import_file(const std::filesystem::path& path, const OnnxOptions& options) {
  ModelFiles files(path, options.file_access);
  MI_ASSIGN(const Region model, files.model());
  const ExternalReader beside = [&](std::string_view location) { return files.external(location); };
  GraphResult graph = import_region(model, options, beside);
  if (!graph.ok()) return graph.status().with_context(path.string());
  (*graph)->files = files.mapped();
  return graph;
}

// Runs `import`; what it throws becomes an error of `model`.
template <typename Import>
GraphResult guarded(const std::string& model, Import import) {
  const core::FloatEnvironment ours;
  try {
    return import();
  } catch (const std::bad_alloc&) {
    return {Status::ERROR_OUT_OF_MEMORY, model + ": the host has no room for its graph"};
  } catch (const std::exception& error) {
    return {Status::ERROR_INTERNAL, model + ": " + error.what()};
  }
}

}  // namespace

GraphResult import_onnx(const std::filesystem::path& path, const OnnxOptions& options) {
  return guarded(path.string(), [&] { return import_file(path, options); });
}

GraphResult import_onnx(std::span<const std::byte> model, const OnnxOptions& options,
                        std::shared_ptr<const void> owner) {
  return guarded("the model in memory", [&]() -> GraphResult {
    Region region{model, std::move(owner)};
    if (region.owner == nullptr) {
      MI_ASSIGN(region, copy(model));
    }
    return import_region(region, options, no_reader);
  });
}

}  // namespace mini_infer::importers
