#include "cli/commands.h"
#include "cli/console.h"
#include "cli/input_files.h"
#include "cli/model.h"
#include "cli/output_files.h"
#include "cli/stopwatch.h"
#include "core/try.h"
#include "mini_infer/report/certificate.h"
#include "mini_infer/report/memory_report.h"
#include "mini_infer/runtime/memory_planner.h"
#include "report/plan_json.h"

namespace mini_infer::cli {
namespace {

core::Result<runtime::MemoryPlan> plan_without_device(const Model& model,
                                                      const PlanningFlags& flags) {
  const runtime::MemoryPlanner planner(planning_options(flags));
  runtime::MemoryPlan plan = planner.plan(model.graph.get());
  if (!plan.status.ok()) return plan.status;
  return plan;
}

// Binds every step to a kernel and fills the weights, but makes no arena.
core::Result<runtime::MemoryPlan> plan_for_cpu(Model& model, const PlanningFlags& flags) {
  runtime::EngineConfig config = engine_config(flags);
  config.caller_memory = true;
  MI_ASSIGN(const runtime::Engine engine, build_engine(model, std::move(config)));
  return engine.memory_plan();
}

// Binds every step to a kernel of a GPU that need not be here.
core::Result<runtime::MemoryPlan> plan_for_gpu(const Model& model, const PlanCommand& command) {
  MI_ASSIGN(const std::string properties,
            read_text(command.device_properties, "a JSON file of device properties"));
  runtime::EngineConfig config = engine_config(command.planning);
  config.cuda.cpu_fallback = command.fallback == "cpu";
  return runtime::Engine::plan_for_absent_device(config, *model.graph, properties);
}

core::Result<runtime::MemoryPlan> make_plan(Model& model, const PlanCommand& command) {
  if (!command.device_properties.empty() && command.device != "cuda") {
    return core::Status(core::Status::ERROR_INVALID_ARGUMENT,
                        "--device-properties: expected --device cuda beside it");
  }
  if (command.fallback != "none" && command.device_properties.empty()) {
    return core::Status(core::Status::ERROR_INVALID_ARGUMENT,
                        "--fallback: which steps it is for is only known with "
                        "--device-properties beside it");
  }
  if (!command.device_properties.empty()) return plan_for_gpu(model, command);
  if (command.device == "cpu") return plan_for_cpu(model, command.planning);
  return plan_without_device(model, command.planning);
}

core::Status write_certificate(importers::OutputFile& file, const runtime::MemoryPlan& plan) {
  MI_ASSIGN(const std::string text, report::certificate_to_json(plan));
  return write_text(file, text + "\n");
}

}  // namespace

core::Result<ExitCode> execute(const PlanCommand& command) {
  MI_ASSIGN(const auto certificate, open_output(command.certificate));
  Progress progress;
  progress.show("importing " + command.model.path);
  MI_ASSIGN(Model model, load_model(command.model));
  MI_TRY(check_bound(*model.graph));
  progress.show("planning");
  const Stopwatch stopwatch;
  MI_ASSIGN(const runtime::MemoryPlan plan, make_plan(model, command));
  const double compile_ms = stopwatch.milliseconds();
  progress.clear();
  if (certificate) MI_TRY(write_certificate(*certificate, plan));
  if (command.json) {
    write_json(report::plan_json(plan)
                   .set("model", command.model.path)
                   .set("device", command.device)
                   .set("milliseconds", report::Json::object()
                                            .set("import", model.import_ms)
                                            .set("compile", compile_ms)
                                            .set("planning", plan.planning_milliseconds)));
    return ExitCode::kOk;
  }
  print(report::plan_to_text(plan));
  if (command.steps) print(report::steps_to_text(plan));
  print(row("time", milliseconds_text(model.import_ms) + " to import, " +
                        milliseconds_text(compile_ms) + " to compile, of it " +
                        milliseconds_text(plan.planning_milliseconds) + " to plan"));
  return ExitCode::kOk;
}

}  // namespace mini_infer::cli
