#include "cli/model.h"

#include <algorithm>

#include "cli/console.h"
#include "cli/sequence.h"
#include "cli/shapes.h"
#include "cli/stopwatch.h"
#include "cli/text.h"
#include "core/try.h"
#include "mini_infer/importers/onnx.h"
#include "mini_infer/runtime/devices.h"
#include "mini_infer/runtime/shape_inputs.h"

namespace mini_infer::cli {
namespace {

using core::Status;

std::optional<std::vector<std::string>> parse_passes(const std::string& text) {
  if (text.empty()) return std::nullopt;
  if (text == "none") return std::vector<std::string>{};
  return split(text, ',');
}

// "image:1x1x28x28" with 1 for what is not known.
std::string example_shape(const graph::Value& value) {
  if (!value.declared) return value.name + ":1x3x224x224";
  if (value.declared->empty()) return value.name + ":scalar";
  std::vector<std::string> extents;
  for (const graph::Dim& dim : *value.declared) {
    extents.push_back(std::to_string(dim.extent >= 0 ? dim.extent : 1));
  }
  return value.name + ":" + join(extents, "x");
}

runtime::WindowKinds parse_windows(const std::string& text) {
  if (text.empty()) return {};
  const std::vector<std::string> kinds = split(text, ',');
  const auto has = [&](const char* kind) {
    return std::find(kinds.begin(), kinds.end(), kind) != kinds.end();
  };
  return {.slice = has("slice"), .split = has("split"), .concat = has("concat")};
}

// One that the command line has checked.
core::Precision precision_of(const std::string& name) {
  const auto found =
      std::find_if(std::begin(core::kPrecisions), std::end(core::kPrecisions),
                   [&](core::Precision known) { return name == core::precision_name(known); });
  return *found;
}

core::Device chosen_device(const DeviceFlags& flags) {
  if (flags.device != "auto") {
    return flags.device == "cuda" ? core::Device::kCuda : core::Device::kCpu;
  }
  const auto found = runtime::device_name(core::Device::kCuda, flags.index);
  note(found.ok() ? "device: " + *found : "device: cpu, because " + found.status().message());
  return found.ok() ? core::Device::kCuda : core::Device::kCpu;
}

}  // namespace

core::Result<std::shared_ptr<graph::Graph>> import_file(const std::string& path, bool digest,
                                                        Model& model) {
  MI_ASSIGN(auto graph, importers::import_onnx(path));
  if (digest) {
    MI_ASSIGN(importers::ModelDigest found, importers::digest_model(path, *graph));
    model.digests.push_back(std::move(found));
  }
  return graph;
}

core::Result<Model> load_model(const ModelOptions& options) {
  Model model;
  const Stopwatch stopwatch;
  if (options.then.empty() && options.hand_offs.empty()) {
    MI_ASSIGN(model.graph, import_file(options.path, options.digest, model));
    const ShapeNames names = shape_names(*model.graph);
    MI_ASSIGN(const ShapeArguments given, parse_shapes(options.shapes, names));
    MI_ASSIGN(model.inputs, read_inputs(options.inputs, names.inputs));
    for (const auto& [name, shape] : given.shapes) {
      MI_TRY(graph::bind_input_shape(*model.graph, name, shape).with_context(options.path));
    }
    MI_TRY(bind_symbols(*model.graph, given.symbols));
  } else {
    MI_ASSIGN(model.graph, import_sequence(options, model));
  }
  model.import_ms = stopwatch.milliseconds();
  if (!options.loads.empty()) {
    MI_TRY(take_rest_for_granted(*model.graph));
    MI_TRY(load_inputs(options.loads, *model.graph, model.inputs));
  }
  MI_TRY(bind_inputs(*model.graph, model.inputs));
  return model;
}

Status take_rest_for_granted(graph::Graph& graph) {
  MI_ASSIGN(const std::vector<std::string> notes, take_leading_as_one(graph));
  for (const std::string& text : notes) note(text);
  return Status::SUCCESS;
}

Status complete_shapes(graph::Graph& graph) {
  MI_TRY(take_rest_for_granted(graph));
  return check_bound(graph);
}

Status bind_inputs(graph::Graph& graph, const Tensors& tensors) {
  const std::vector<std::string> deciding = runtime::shape_deciding_inputs(graph);
  for (const auto& [name, tensor] : tensors) {
    const bool decides = std::find(deciding.begin(), deciding.end(), name) != deciding.end();
    MI_TRY(decides ? graph::bind_input_value(graph, name, tensor)
                   : graph::bind_input_shape(graph, name, tensor.shape()));
  }
  return Status::SUCCESS;
}

Status check_bound(const graph::Graph& graph) {
  const std::vector<std::string> deciding = runtime::shape_deciding_inputs(graph);
  for (graph::ValueId id : graph.inputs) {
    const graph::Value& value = graph.value(id);
    const bool decides = std::find(deciding.begin(), deciding.end(), value.name) != deciding.end();
    if (decides && !value.is_constant()) {
      return {Status::ERROR_INVALID_ARGUMENT, "the value of input '" + value.name + "' " +
                                                  type_text(value) +
                                                  " decides shapes; give it with --input " +
                                                  value.name + "=FILE (.npy, .pb or .npz)"};
    }
    if (!value.shape) {
      return {Status::ERROR_INVALID_ARGUMENT,
              "the shape of input '" + value.name + "' " + type_text(value) +
                  " is not known; give it, as in --shapes=" + example_shape(value)};
    }
  }
  return Status::SUCCESS;
}

runtime::PlanningOptions planning_options(const PlanningFlags& flags) {
  runtime::PlanningOptions options;
  options.share_memory = !flags.no_sharing;
  options.reorder = !flags.keep_order;
  options.windows = parse_windows(flags.windows);
  options.alignment = flags.alignment;
  options.arena_limit = flags.arena_limit;
  options.workspace_bytes = flags.workspace;
  options.precision = precision_of(flags.precision);
  options.passes = parse_passes(flags.passes);
  options.check_passes = flags.check_passes;
  return options;
}

runtime::EngineConfig engine_config(const PlanningFlags& planning, const DeviceFlags& device) {
  runtime::EngineConfig config;
  config.enable_memory_planning = !planning.no_sharing;
  config.reorder = !planning.keep_order;
  config.windows = parse_windows(planning.windows);
  config.memory_alignment = planning.alignment;
  config.arena_limit = planning.arena_limit;
  config.total_limit = planning.total_limit;
  config.workspace_bytes = planning.workspace;
  config.precision = precision_of(planning.precision);
  config.passes = parse_passes(planning.passes);
  config.check_passes = planning.check_passes;
  config.device = chosen_device(device);
  config.cuda.device = device.index;
  config.cuda.libraries = !device.no_libraries;
  config.cuda.tune = device.tune;
  config.cuda.tuning_file = device.tuning_file;
  config.cuda.cpu_fallback = device.fallback == "cpu";
  config.cpu.threads = device.threads;
  config.cpu.processors = device.processors;
  config.cpu.winograd = !device.no_winograd;
  for (const core::InstructionSet set : kInstructionSets) {
    if (device.instructions == core::instruction_set_name(set)) config.cpu.instruction_set = set;
  }
  return config;
}

core::Result<runtime::Engine> build_engine(Model& model, runtime::EngineConfig config) {
  MI_TRY(complete_shapes(*model.graph));
  runtime::Engine engine(std::move(config));
  MI_TRY(engine.build(std::move(model.graph)));
  return engine;
}

Status set_inputs(const runtime::Engine& engine, const Tensors& tensors) {
  for (const runtime::TensorInfo& input : engine.inputs()) {
    const auto given = tensors.find(input.name);
    if (given == tensors.end()) {
      return {Status::ERROR_INVALID_ARGUMENT,
              "no tensor for input '" + input.name + "' " + core::type_name(input.type) +
                  input.shape.to_string() + "; give --input " + input.name +
                  "=FILE, or --random SEED for all that are not given"};
    }
    MI_TRY(engine.context()->set_input(input.name, given->second));
  }
  return Status::SUCCESS;
}

}  // namespace mini_infer::cli
