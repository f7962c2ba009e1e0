#include "cli/sequence.h"

#include <algorithm>
#include <filesystem>

#include "cli/shapes.h"
#include "core/try.h"
#include "mini_infer/runtime/sequence.h"

namespace mini_infer::cli {
namespace {

using core::Result;
using core::Status;

struct Imported {
  std::string name;
  std::shared_ptr<graph::Graph> graph;
};

std::string name_of(const std::string& path, const std::vector<Imported>& before) {
  const std::string stem = std::filesystem::path(path).stem().string();
  std::string name = stem;
  const auto taken = [&](const Imported& model) { return model.name == name; };
  for (int number = 2; std::any_of(before.begin(), before.end(), taken); ++number) {
    name = stem + "_" + std::to_string(number);
  }
  return name;
}

// One side of a hand-off: "stage/tensor".
struct End {
  std::size_t stage = 0;
  std::string tensor;
};

Result<End> parse_end(const std::string& option, const std::string& text,
                      const std::vector<Imported>& models) {
  const std::size_t slash = text.find('/');
  std::string known;
  for (std::size_t stage = 0; stage < models.size(); ++stage) {
    if (slash != std::string::npos && text.substr(0, slash) == models[stage].name) {
      return End{stage, text.substr(slash + 1)};
    }
    known += (stage == 0 ? "" : ", ") + models[stage].name;
  }
  return Status(Status::ERROR_INVALID_ARGUMENT,
                option + ": expected STAGE/TENSOR, where a stage is one of " + known + ", found '" +
                    text + "'");
}

Result<runtime::HandOff> parse_hand_off(const std::string& text,
                                        const std::vector<Imported>& models) {
  const std::size_t equals = text.find('=');
  if (equals == std::string::npos) {
    return Status(Status::ERROR_INVALID_ARGUMENT,
                  "--hand-off: expected STAGE/OUTPUT=STAGE/INPUT, found '" + text + "'");
  }
  MI_ASSIGN(const End from, parse_end("--hand-off", text.substr(0, equals), models));
  MI_ASSIGN(const End to, parse_end("--hand-off", text.substr(equals + 1), models));
  return runtime::HandOff{
      .from = from.stage, .output = from.tensor, .to = to.stage, .input = to.tensor};
}

// Those of all stages, as "stage/name".
ShapeNames names_in(const std::vector<Imported>& models) {
  ShapeNames all;
  for (const Imported& stage : models) {
    const ShapeNames names = shape_names(*stage.graph);
    for (const std::string& name : names.inputs) all.inputs.push_back(stage.name + "/" + name);
    for (const std::string& name : names.symbols) all.symbols.push_back(stage.name + "/" + name);
  }
  return all;
}

}  // namespace

Result<std::shared_ptr<graph::Graph>> import_sequence(const ModelOptions& options, Model& model) {
  std::vector<std::string> paths = {options.path};
  paths.insert(paths.end(), options.then.begin(), options.then.end());
  std::vector<Imported> models;
  for (const std::string& path : paths) {
    MI_ASSIGN(auto graph, import_file(path, options.digest, model));
    models.push_back({name_of(path, models), std::move(graph)});
  }
  const ShapeNames names = names_in(models);
  MI_ASSIGN(const ShapeArguments given, parse_shapes(options.shapes, names));
  MI_ASSIGN(model.inputs, read_inputs(options.inputs, names.inputs));
  for (const auto& [name, shape] : given.shapes) {
    MI_ASSIGN(const End input, parse_end("--shapes", name, models));
    MI_TRY(graph::bind_input_shape(*models[input.stage].graph, input.tensor, shape));
  }
  for (const auto& [symbol, extent] : given.symbols) {
    MI_ASSIGN(const End end, parse_end("--shapes", symbol, models));
    MI_TRY(bind_symbols(*models[end.stage].graph, {{end.tensor, extent}}));
  }
  for (const auto& [name, tensor] : model.inputs) {
    MI_ASSIGN(const End input, parse_end("--input", name, models));
    MI_TRY(bind_inputs(*models[input.stage].graph, {{input.tensor, tensor}}));
  }
  std::vector<runtime::HandOff> hand_offs;
  for (const std::string& text : options.hand_offs) {
    MI_ASSIGN(runtime::HandOff hand_off, parse_hand_off(text, models));
    hand_offs.push_back(std::move(hand_off));
  }
  // What is handed to a stage says what its shapes are; one that is handed nothing may be
  // completed.
  std::vector<runtime::Stage> stages;
  for (std::size_t number = 0; number < models.size(); ++number) {
    const bool handed = std::any_of(hand_offs.begin(), hand_offs.end(),
                                    [&](const auto& hand_off) { return hand_off.to == number; });
    if (!handed) MI_TRY(take_rest_for_granted(*models[number].graph));
    stages.push_back({models[number].name, models[number].graph.get()});
  }
  return runtime::join_in_sequence(stages, hand_offs);
}

}  // namespace mini_infer::cli
