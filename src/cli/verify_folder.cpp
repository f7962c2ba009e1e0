#include "cli/verify_folder.h"

#include <algorithm>
#include <vector>

#include "cli/graph_facts.h"
#include "cli/model.h"
#include "cli/random_outputs.h"
#include "cli/test_folder.h"
#include "core/try.h"
#include "importers/tensor_file.h"
#include "mini_infer/importers/onnx.h"

namespace mini_infer::cli {
namespace {

using core::Status;

core::Result<Tensors> read_inputs(const graph::Graph& graph, const DataSet& data) {
  if (data.inputs.size() != graph.inputs.size()) {
    return {Status::ERROR_INVALID_ARGUMENT, "the graph has " + std::to_string(graph.inputs.size()) +
                                                " inputs, the data set " +
                                                std::to_string(data.inputs.size())};
  }
  Tensors tensors;
  for (std::size_t i = 0; i < data.inputs.size(); ++i) {
    MI_ASSIGN(core::Tensor tensor, importers::read_tensor(data.inputs[i]));
    tensors.emplace(graph.value(graph.inputs[i]).name, std::move(tensor));
  }
  return tensors;
}

// The first difference, and the largest error up to there.
core::Result<Comparison> compare_outputs(const runtime::Engine& engine, const DataSet& data,
                                         const Tolerance& tolerance, bool types_only) {
  Comparison all;
  if (engine.outputs().size() != data.outputs.size()) {
    all.difference = "the graph has " + std::to_string(engine.outputs().size()) +
                     " outputs, the data set " + std::to_string(data.outputs.size());
    return all;
  }
  for (std::size_t i = 0; i < data.outputs.size(); ++i) {
    MI_ASSIGN(const core::Tensor expected, importers::read_tensor(data.outputs[i]));
    MI_ASSIGN(const runtime::OutputLease lease, engine.context()->output(i));
    const core::Tensor actual = lease.copy();
    const Comparison one = types_only ? Comparison{compare_types(actual, expected), std::nullopt}
                                      : compare(actual, expected, tolerance);
    if (one.relative_error) {
      all.relative_error = std::max(all.relative_error.value_or(0), *one.relative_error);
    }
    if (one.difference.empty()) continue;
    all.difference = "output '" + engine.outputs()[i].name + "': " + one.difference;
    return all;
  }
  return all;
}

// By which outputs of such a model are compared where nobody asks for another.
Criterion criterion_for(const graph::Graph& graph) {
  const bool large = count_constants(graph).elements > kMostElementsByElements;
  return large ? Criterion::kOutput : Criterion::kElements;
}

struct DataSetResult {
  Comparison comparison;
  Criterion criterion = Criterion::kElements;
  std::optional<std::string> random_node;
};

core::Result<DataSetResult> verify_data_set(const std::filesystem::path& folder,
                                            const DataSet& data, std::optional<Criterion> criterion,
                                            Tolerance tolerance,
                                            const runtime::EngineConfig& config) {
  Model model;
  MI_ASSIGN(model.graph, importers::import_onnx(folder / "model.onnx"));
  MI_ASSIGN(model.inputs, read_inputs(*model.graph, data));
  MI_TRY(bind_inputs(*model.graph, model.inputs));
  DataSetResult result;
  result.random_node = random_node(*model.graph, model.inputs);
  result.criterion = tolerance.criterion = criterion.value_or(criterion_for(*model.graph));
  MI_ASSIGN(const runtime::Engine engine, build_engine(model, config));
  MI_TRY(set_inputs(engine, model.inputs));
  MI_TRY(engine.context()->run());
  MI_ASSIGN(result.comparison,
            compare_outputs(engine, data, tolerance, result.random_node.has_value()));
  return result;
}

// Adds one data set's result to its folder's; false: the folder is judged.
bool add(FolderResult& folder, const core::Result<DataSetResult>& result) {
  if (!result.ok()) {
    const bool unsupported = result.status() == Status::ERROR_UNSUPPORTED;
    folder.verdict = unsupported ? Verdict::kUnsupported : Verdict::kFailed;
    folder.reason = unsupported ? result.status().message() : result.status().to_string();
    return false;
  }
  const Comparison& comparison = result->comparison;
  ++folder.data_sets;
  folder.criterion = result->criterion;
  folder.verdict = comparison.difference.empty() ? Verdict::kPassed : Verdict::kFailed;
  folder.reason = comparison.difference;
  if (comparison.relative_error) {
    folder.relative_error = std::max(folder.relative_error.value_or(0), *comparison.relative_error);
  }
  if (folder.verdict == Verdict::kPassed && result->random_node) {
    folder.reason = "compared by type and shape only: " + *result->random_node + " is random";
  }
  return folder.verdict == Verdict::kPassed;
}

}  // namespace

FolderResult verify_folder(const std::filesystem::path& folder, std::optional<Criterion> criterion,
                           const Tolerance& tolerance, const runtime::EngineConfig& config) {
  FolderResult result;
  const std::vector<DataSet> sets = find_data_sets(folder);
  if (sets.empty()) result.reason = "no folder test_data_set_N";
  for (const DataSet& data : sets) {
    if (add(result, verify_data_set(folder, data, criterion, tolerance, config))) continue;
    result.reason = data.name + ": " + result.reason;
    return result;
  }
  return result;
}

}  // namespace mini_infer::cli
