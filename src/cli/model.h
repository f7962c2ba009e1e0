#pragma once

#include <memory>
#include <string>
#include <vector>

#include "cli/commands.h"
#include "cli/input_files.h"
#include "mini_infer/core/status.h"
#include "mini_infer/graph/graph.h"
#include "mini_infer/importers/model_digest.h"
#include "mini_infer/runtime/engine.h"
#include "mini_infer/runtime/planning_options.h"

namespace mini_infer::cli {

inline constexpr core::InstructionSet kInstructionSets[] = {
    core::InstructionSet::kNative, core::InstructionSet::kBaseline, core::InstructionSet::kAvx2,
    core::InstructionSet::kAvx512};

struct Model {
  std::shared_ptr<graph::Graph> graph;
  Tensors inputs;                               // those that were given
  std::vector<importers::ModelDigest> digests;  // of its files, if asked for: one for each stage
  double import_ms = 0;
};

// Imports one file, and with `digest` adds what its files are to the model.
[[nodiscard]] core::Result<std::shared_ptr<graph::Graph>> import_file(const std::string& path,
                                                                      bool digest, Model& model);

// Imports the model, reads the given tensors and binds what they and --shapes say.
[[nodiscard]] core::Result<Model> load_model(const ModelOptions& options);

// Binds the shapes of the tensors to the inputs of those names, and the values of those that decide
// shapes.
[[nodiscard]] core::Status bind_inputs(graph::Graph& graph, const Tensors& tensors);

// Takes what is left open and may be taken for granted (see take_leading_as_one), with a line on
// standard error for each.
[[nodiscard]] core::Status take_rest_for_granted(graph::Graph& graph);

// Does so; the rest must be bound: see check_bound.
[[nodiscard]] core::Status complete_shapes(graph::Graph& graph);

// All that planning needs is bound; else ERROR_INVALID_ARGUMENT that names the option to give.
[[nodiscard]] core::Status check_bound(const graph::Graph& graph);

runtime::PlanningOptions planning_options(const PlanningFlags& flags);
// Chooses the device, and says on standard error why where that was left open.
runtime::EngineConfig engine_config(const PlanningFlags& planning, const DeviceFlags& device = {});

// The engine, ready to run. Lets the imported graph go: the weights are in the engine's pool now.
[[nodiscard]] core::Result<runtime::Engine> build_engine(Model& model,
                                                         runtime::EngineConfig config);

// Copies the tensors into the engine's inputs; each input must be there.
[[nodiscard]] core::Status set_inputs(const runtime::Engine& engine, const Tensors& tensors);

}  // namespace mini_infer::cli
