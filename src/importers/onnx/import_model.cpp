#include "importers/onnx/import_model.h"

#include <limits>
#include <string>

#include "core/try.h"
#include "importers/onnx/graph_builder.h"
#include "importers/onnx/parse.h"

namespace mini_infer::importers {
namespace {

using core::Status;

Status check_model(const ModelMessage& model) {
  if (model.ir_version < 1 || !model.graph) {
    return {Status::ERROR_INVALID_MODEL, "this is no ONNX model: it has no IR version or no graph"};
  }
  if (model.ir_version > kNewestIrVersion) {
    return {Status::ERROR_UNSUPPORTED, "the model has IR version " +
                                           std::to_string(model.ir_version) + "; at most " +
                                           std::to_string(kNewestIrVersion) + " is supported"};
  }
  return Status::SUCCESS;
}

Status check_version(const OpsetMessage& import) {
  if (import.version < 1 || import.version > std::numeric_limits<int>::max()) {
    return {Status::ERROR_INVALID_MODEL, "opset " + std::to_string(import.version) +
                                             " of domain '" + std::string(import.domain) +
                                             "' does not exist"};
  }
  if (!import.domain.empty()) return Status::SUCCESS;
  if (import.version < kOldestOpset || import.version > kNewestOpset) {
    return {Status::ERROR_UNSUPPORTED,
            "the model uses opset " + std::to_string(import.version) + "; opsets " +
                std::to_string(kOldestOpset) + " to " + std::to_string(kNewestOpset) +
                " are supported. Convert it with onnx.version_converter"};
  }
  return Status::SUCCESS;
}

core::Result<OpsetVersions> import_opsets(const ModelMessage& model) {
  OpsetVersions versions;
  for (const OpsetMessage& import : model.opset_imports) {
    MI_TRY(check_version(import));
    const int version = static_cast<int>(import.version);
    const auto [known, is_new] = versions.emplace(import.domain, version);
    if (!is_new && known->second != version) {
      return {Status::ERROR_INVALID_MODEL,
              "the model imports domain '" + std::string(import.domain) + "' in two versions"};
    }
  }
  return versions;
}

}  // namespace

core::Result<std::shared_ptr<graph::Graph>> import_model(const ModelBytes& model,
                                                         const OnnxOptions& options,
                                                         const OperatorLookup& find) {
  MI_ASSIGN(const ModelMessage message, parse_model(model.bytes));
  MI_TRY(check_model(message));
  MI_ASSIGN(const OpsetVersions opsets, import_opsets(message));
  MI_TRY(check_operators(message, opsets, find));

  ExternalData external(model.external);
  GraphBuilder builder({model.owner, &external}, opsets, nullptr);
  MI_ASSIGN(auto graph, builder.build(*message.graph));
  for (const auto& [input, shape] : options.shapes) {
    MI_TRY(graph::bind_input_shape(*graph, input, shape));
  }
  return graph;
}

}  // namespace mini_infer::importers
