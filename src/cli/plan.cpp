#include <algorithm>

#include "cli/commands.h"
#include "cli/console.h"
#include "cli/device_files.h"
#include "cli/model.h"
#include "cli/output_files.h"
#include "cli/stopwatch.h"
#include "cli/text.h"
#include "core/try.h"
#include "mini_infer/report/certificate.h"
#include "mini_infer/report/memory_report.h"
#include "mini_infer/runtime/devices.h"
#include "report/plan_json.h"

namespace mini_infer::cli {
namespace {

// A plan for one device that was asked for, which then has a kernel for every step.
runtime::PlanForDevices for_one(runtime::MemoryPlan plan, const std::string& device) {
  return {.plan = std::move(plan), .devices = {{.device = device, .runs = true, .reason = ""}}};
}

// Binds every step to a kernel, of this machine's processor or of another kind.
core::Result<runtime::MemoryPlan> plan_for_cpu(const Model& model, const PlanCommand& command) {
  DeviceFlags device;
  device.instructions = command.cpu;
  return runtime::Engine::plan(engine_config(command.planning, device), *model.graph);
}

// Binds every step to a kernel of a GPU that need not be here.
core::Result<runtime::PlanForDevices> plan_for_gpu(const Model& model, const PlanCommand& command) {
  MI_ASSIGN(const std::string properties, read_device_properties(command.device_properties));
  runtime::EngineConfig config = engine_config(command.planning);
  config.cuda.cpu_fallback = command.fallback == "cpu";
  MI_ASSIGN(runtime::MemoryPlan plan,
            runtime::Engine::plan_for_absent_device(config, *model.graph, properties));
  return for_one(std::move(plan), "cuda");
}

// Which devices run it; with the kernels and weights of the CPU where that does and is not left
// out.
core::Result<runtime::PlanForDevices> plan_for_any(const Model& model, const PlanCommand& command) {
  MI_ASSIGN(runtime::PlanForDevices all,
            runtime::plan_for_devices(*model.graph, planning_options(command.planning)));
  const auto runs_on_cpu = [](const runtime::DeviceSupport& device) {
    return device.device == "cpu" && device.runs == true;
  };
  if (command.device == "any" && std::ranges::any_of(all.devices, runs_on_cpu)) {
    MI_ASSIGN(all.plan, plan_for_cpu(model, command));
  }
  return all;
}

core::Result<runtime::PlanForDevices> make_plan(const Model& model, const PlanCommand& command) {
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
  if (command.device == "cpu") {
    MI_ASSIGN(runtime::MemoryPlan plan, plan_for_cpu(model, command));
    return for_one(std::move(plan), "cpu");
  }
  return plan_for_any(model, command);
}

report::Json devices_json(const std::vector<runtime::DeviceSupport>& devices) {
  report::Json list = report::Json::array();
  for (const runtime::DeviceSupport& device : devices) {
    report::Json json = report::Json::object();
    json.set("device", device.device)
        .set("runs", device.runs ? report::Json(*device.runs) : report::Json::null());
    if (!device.reason.empty()) json.set("reason", device.reason);
    list.add(std::move(json));
  }
  return list;
}

// Which devices can run it, and why others cannot.
std::string devices_text(const std::vector<runtime::DeviceSupport>& devices) {
  std::vector<std::string> running;
  std::string unknown, refused;
  for (const runtime::DeviceSupport& device : devices) {
    if (device.runs == true) running.push_back(device.device);
    if (device.runs == false) refused += row("", "not " + device.device + ": " + device.reason);
    if (!device.runs) unknown += " (" + device.device + " is not known here)";
  }
  return row("runs on", (running.empty() ? "no device" : join(running, ", ")) + unknown) + refused;
}

core::Status write_certificate(importers::OutputFile& file, const runtime::MemoryPlan& plan,
                               const Model& model) {
  MI_ASSIGN(const std::string text, report::certificate_to_json(plan, model.digests));
  return write_text(file, text + "\n");
}

}  // namespace

core::Result<ExitCode> execute(const PlanCommand& command) {
  MI_ASSIGN(const auto certificate, open_output(command.certificate));
  Progress progress;
  progress.show("importing " + command.model.path);
  MI_ASSIGN(const Model model, load_model(command.model));
  MI_TRY(complete_shapes(*model.graph));
  progress.show("planning");
  const Stopwatch stopwatch;
  MI_ASSIGN(const runtime::PlanForDevices made, make_plan(model, command));
  const runtime::MemoryPlan& plan = made.plan;
  const double compile_ms = stopwatch.milliseconds();
  progress.clear();
  if (certificate) MI_TRY(write_certificate(*certificate, plan, model));
  if (command.json) {
    write_json(report::plan_json(plan)
                   .set("model", command.model.path)
                   .set("device", command.device)
                   .set("devices", devices_json(made.devices))
                   .set("milliseconds", report::Json::object()
                                            .set("import", model.import_ms)
                                            .set("compile", compile_ms)
                                            .set("planning", plan.planning_milliseconds)));
    return ExitCode::kOk;
  }
  print(report::plan_to_text(plan));
  if (command.steps) print(report::steps_to_text(plan));
  print(devices_text(made.devices));
  print(row("time", milliseconds_text(model.import_ms) + " to import, " +
                        milliseconds_text(compile_ms) + " to compile, of it " +
                        milliseconds_text(plan.planning_milliseconds) + " to plan"));
  return ExitCode::kOk;
}

}  // namespace mini_infer::cli
