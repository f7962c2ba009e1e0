#include "cli/commands.h"
#include "cli/console.h"
#include "cli/model.h"
#include "cli/output_files.h"
#include "cli/profile.h"
#include "cli/random_tensor.h"
#include "cli/stopwatch.h"
#include "cli/tensor_values.h"
#include "cli/text.h"
#include "core/try.h"

namespace mini_infer::cli {
namespace {

struct RunResult {
  std::vector<NamedOutput> outputs;
  std::vector<std::filesystem::path> files;  // one for each output, or none
  std::vector<runtime::StepTime> profile;
  double run_ms = 0;
};

core::Result<std::vector<NamedOutput>> copy_outputs(const runtime::Engine& engine) {
  std::vector<NamedOutput> outputs;
  for (std::size_t i = 0; i < engine.outputs().size(); ++i) {
    MI_ASSIGN(const runtime::OutputLease lease, engine.context()->output(i));
    outputs.emplace_back(engine.outputs()[i].name, lease.copy());
  }
  return outputs;
}

core::Result<RunResult> run(const runtime::Engine& engine, const RunCommand& command,
                            Tensors tensors) {
  if (command.seed) MI_TRY(add_random_inputs(engine, *command.seed, tensors));
  MI_TRY(set_inputs(engine, tensors));
  RunResult result;
  const Stopwatch stopwatch;
  MI_TRY(engine.context()->run());
  result.run_ms = stopwatch.milliseconds();
  result.profile = engine.context()->profile();
  MI_ASSIGN(result.outputs, copy_outputs(engine));
  if (!command.output_dir.empty()) {
    MI_ASSIGN(result.files, write_outputs(command.output_dir, result.outputs));
  }
  return result;
}

report::Json output_json(const NamedOutput& output) {
  const auto& [name, tensor] = output;
  report::Json json = report::Json::object();
  json.set("name", name)
      .set("type", core::type_name(tensor.type()))
      .set("shape", report::json_array(tensor.shape()));
  const auto values = to_doubles(tensor);
  if (!values) return json;
  if (const auto facts = statistics(*values)) {
    json.set("min", facts->min).set("max", facts->max).set("mean", facts->mean);
  }
  if (const auto best = best_classes(tensor, *values))
    json.set("argmax", report::json_array(*best));
  return json;
}

std::string argmax_text(const std::vector<std::int64_t>& best) {
  constexpr std::size_t kShown = 20;
  std::vector<std::string> words;
  for (std::size_t i = 0; i < best.size() && i < kShown; ++i) {
    words.push_back(std::to_string(best[i]));
  }
  return join(words, " ") + (best.size() > kShown ? " ..." : "");
}

std::string output_text(const NamedOutput& output) {
  const auto& [name, tensor] = output;
  std::string text =
      row("output", name + " " + core::type_name(tensor.type()) + tensor.shape().to_string());
  const auto values = to_doubles(tensor);
  if (!values) return text;
  if (const auto facts = statistics(*values)) {
    text += row("", "min " + number_text(facts->min) + "  max " + number_text(facts->max) +
                        "  mean " + number_text(facts->mean));
  }
  if (const auto best = best_classes(tensor, *values)) {
    text += row("", "argmax of each row: " + argmax_text(*best));
  }
  return text;
}

void print_json(const RunCommand& command, const runtime::Engine& engine, const RunResult& result) {
  report::Json outputs = report::Json::array();
  for (std::size_t i = 0; i < result.outputs.size(); ++i) {
    report::Json json = output_json(result.outputs[i]);
    if (!result.files.empty()) json.set("file", result.files[i].string());
    outputs.add(std::move(json));
  }
  report::Json json = report::Json::object();
  json.set("schema", "mini-infer.run")
      .set("version", 1)
      .set("model", command.model.path)
      .set("outputs", std::move(outputs))
      .set("device", engine.device_name())
      .set("run_milliseconds", result.run_ms);
  if (command.profile) json.set("profile", profile_json(result.profile, 1));
  write_json(json);
}

void print_text(const RunCommand& command, const RunResult& result) {
  for (std::size_t i = 0; i < result.outputs.size(); ++i) {
    print(output_text(result.outputs[i]));
    if (!result.files.empty()) print(row("", "written to " + result.files[i].string()));
  }
  print(row("run", milliseconds_text(result.run_ms)));
  if (command.profile) print(profile_text(result.profile, 1));
}

}  // namespace

core::Result<ExitCode> execute(const RunCommand& command) {
  if (!command.output_dir.empty()) MI_TRY(make_output_folder(command.output_dir));
  Progress progress;
  progress.show("importing " + command.model.path);
  MI_ASSIGN(Model model, load_model(command.model));
  runtime::EngineConfig config = engine_config(command.planning, command.device);
  config.enable_profiling = command.profile;
  config.poison_memory = command.poison;
  progress.show("building the engine");
  MI_ASSIGN(const runtime::Engine engine, build_engine(model, std::move(config)));
  progress.show("running");
  MI_ASSIGN(const RunResult result, run(engine, command, model.inputs));
  progress.clear();
  if (command.json) {
    print_json(command, engine, result);
  } else {
    print_text(command, result);
  }
  return ExitCode::kOk;
}

}  // namespace mini_infer::cli
