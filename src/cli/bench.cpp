#include <utility>
#include <vector>

#include "cli/commands.h"
#include "cli/console.h"
#include "cli/counting_allocator.h"
#include "cli/latency.h"
#include "cli/model.h"
#include "cli/output_files.h"
#include "cli/process_memory.h"
#include "cli/profile.h"
#include "cli/random_tensor.h"
#include "cli/stopwatch.h"
#include "core/try.h"
#include "mini_infer/report/memory_report.h"
#include "mini_infer/runtime/devices.h"

namespace mini_infer::cli {
namespace {

using core::Status;
using report::Json;

struct Measurement {
  Latency latency;
  std::vector<double> times_ms;  // of single runs, in order
  int all_runs = 0;              // warm-up included, as in the profile
};

struct Load {
  double import_ms = 0;
  double build_ms = 0;
  int allocations = 0;
};

// The inputs are staged anew for each run, outside the time that counts.
core::Result<double> timed_run(const runtime::Engine& engine, const Tensors& inputs) {
  MI_TRY(set_inputs(engine, inputs));
  const Stopwatch stopwatch;
  MI_TRY(engine.context()->run());
  return stopwatch.milliseconds();
}

core::Result<int> warm_up(const runtime::Engine& engine, const Tensors& inputs, double wanted_ms) {
  const Stopwatch stopwatch;
  int runs = 0;
  while (stopwatch.milliseconds() < wanted_ms) {
    MI_TRY(timed_run(engine, inputs).status());
    ++runs;
  }
  return runs;
}

core::Result<Measurement> measure(const runtime::Engine& engine, const Tensors& inputs,
                                  const BenchCommand& command, Progress& progress) {
  progress.show("warming up for " + number_text(command.warm_up_ms) + " ms");
  MI_ASSIGN(const int warm_up_runs, warm_up(engine, inputs, command.warm_up_ms));
  progress.show("measuring for " + number_text(command.duration_s) + " s");
  const auto least = static_cast<std::size_t>(command.iterations.value_or(1));
  const Stopwatch stopwatch;
  std::vector<double> samples;
  while (samples.size() < least || stopwatch.milliseconds() < 1000.0 * command.duration_s) {
    MI_ASSIGN(const double run_ms, timed_run(engine, inputs));
    samples.push_back(run_ms);
  }
  const int all_runs = warm_up_runs + static_cast<int>(samples.size());
  return Measurement{Latency(samples), samples, all_runs};
}

Json latency_json(const Latency& latency, const std::vector<double>& percentiles) {
  Json json = Json::object();
  json.set("min", latency.min()).set("mean", latency.mean()).set("median", latency.percentile(50));
  for (double percent : percentiles) {
    json.set("p" + number_text(percent), latency.percentile(percent));
  }
  return json.set("max", latency.max()).set("variation", latency.variation());
}

// What each stage of building took of the device, and what the runs took after.
Json device_memory_json(const runtime::Engine& engine, bool account) {
  Json list = Json::array();
  std::size_t before = 0;
  for (const runtime::DeviceMemory& memory : engine.device_memory()) {
    Json json = Json::object();
    json.set("moment", memory.moment).set("free_bytes", memory.free_bytes);
    if (memory.process_bytes != 0) json.set("process_bytes", memory.process_bytes);
    if (account) {
      json.set("allocations", memory.allocations).set("allocated_bytes", memory.allocated_bytes);
    }
    if (before != 0) {
      json.set("taken_bytes",
               static_cast<std::int64_t>(before) - static_cast<std::int64_t>(memory.free_bytes));
    }
    before = memory.free_bytes;
    list.add(std::move(json));
  }
  return list;
}

Json memory_json(const BenchCommand& command, const runtime::Engine& engine,
                 const CountingAllocator& allocator, const Load& load) {
  const ProcessMemory process = process_memory();
  Json json = Json::object();
  json.set("planned_arena_bytes", engine.activation_bytes())
      .set("planned_weights_bytes", engine.weights_bytes())
      .set("measured_bytes", allocator.held_bytes())
      .set("allocations", load.allocations)
      .set("allocations_while_running", allocator.allocations() - load.allocations);
  if (!engine.device_memory().empty()) {
    json.set("device", device_memory_json(engine, command.account));
  }
  if (process.resident) json.set("process_resident_bytes", *process.resident);
  if (process.peak_resident) json.set("process_peak_resident_bytes", *process.peak_resident);
  return json;
}

void print_json(const BenchCommand& command, const runtime::Engine& engine,
                const CountingAllocator& allocator, const Load& load,
                const Measurement& measurement) {
  Json json = Json::object();
  json.set("schema", "mini-infer.bench")
      .set("version", 1)
      .set("model", command.model.path)
      .set("device", engine.device_name())
      .set("threads", engine.threads())
      .set("threads_decided_by", engine.threads_decided_by())
      .set("instructions", core::instruction_set_name(engine.instruction_set()))
      .set("iterations", measurement.latency.runs())
      .set("throughput_per_second", measurement.latency.throughput())
      .set("latency_milliseconds", latency_json(measurement.latency, command.percentiles))
      .set("load_milliseconds", Json::object()
                                    .set("import", load.import_ms)
                                    .set("build", load.build_ms)
                                    .set("planning", engine.memory_plan().planning_milliseconds))
      .set("memory", memory_json(command, engine, allocator, load));
  if (command.dump_profile) {
    json.set("profile", profile_json(engine.context()->profile(), measurement.all_runs));
  }
  write_json(json);
}

std::string latency_text(const Latency& latency, const std::vector<double>& percentiles) {
  std::string text = row("latency", "min    " + milliseconds_text(latency.min())) +
                     row("", "mean   " + milliseconds_text(latency.mean())) +
                     row("", "median " + milliseconds_text(latency.percentile(50)));
  for (double percent : percentiles) {
    std::string title = "p" + number_text(percent);
    title.resize(std::max<std::size_t>(title.size() + 1, 7), ' ');
    text += row("", title + milliseconds_text(latency.percentile(percent)));
  }
  return text + row("", "max    " + milliseconds_text(latency.max())) +
         row("", "varies " + number_text(100 * latency.variation()) + " % (standard deviation)");
}

// Said of a measurement that another one may well contradict.
void warn_if_unstable(const Latency& latency) {
  constexpr double kMostVariation = 0.1;
  if (latency.variation() <= kMostVariation) return;
  note("warning: the measurement is unstable: single runs vary by " +
       number_text(100 * latency.variation()) +
       " % (standard deviation); compare medians, measure longer, or leave the machine alone");
}

std::string moment_text(const runtime::DeviceMemory& memory, bool account) {
  std::string text = std::to_string(memory.free_bytes) + " bytes: " + memory.moment;
  if (memory.process_bytes != 0) {
    text += ", this process holds " + std::to_string(memory.process_bytes);
  }
  if (account) {
    text += ", taken so far " + std::to_string(memory.allocated_bytes) + " in " +
            std::to_string(memory.allocations) + " allocations by anyone";
  }
  return text;
}

std::string memory_text(const BenchCommand& command, const runtime::Engine& engine,
                        const CountingAllocator& allocator, const Load& load) {
  const std::size_t planned = engine.activation_bytes() + engine.weights_bytes();
  std::string text =
      row("planned", std::to_string(planned) + " bytes: arena " +
                         std::to_string(engine.activation_bytes()) + ", weights " +
                         std::to_string(engine.weights_bytes())) +
      row("measured", std::to_string(allocator.held_bytes()) + " bytes in " +
                          std::to_string(load.allocations) + " allocations, " +
                          std::to_string(allocator.allocations() - load.allocations) +
                          " more while running");
  bool first = true;
  for (const runtime::DeviceMemory& memory : engine.device_memory()) {
    text += row(std::exchange(first, false) ? "free" : "", moment_text(memory, command.account));
  }
  const ProcessMemory process = process_memory();
  if (process.resident && process.peak_resident) {
    text += row("process", report::human_bytes(*process.resident) + " resident, " +
                               report::human_bytes(*process.peak_resident) + " at its peak");
  }
  return text;
}

void print_text(const BenchCommand& command, const runtime::Engine& engine,
                const CountingAllocator& allocator, const Load& load,
                const Measurement& measurement) {
  print(
      row("throughput", number_text(measurement.latency.throughput()) + " runs/s, " +
                            std::to_string(measurement.latency.runs()) + " runs") +
      latency_text(measurement.latency, command.percentiles) + row("device", engine.device_name()) +
      row("threads", std::to_string(engine.threads()) + " (" + engine.threads_decided_by() +
                         "), instructions " +
                         core::instruction_set_name(engine.instruction_set())) +
      row("load", milliseconds_text(load.import_ms) + " to import, " +
                      milliseconds_text(load.build_ms) + " to build, of it " +
                      milliseconds_text(engine.memory_plan().planning_milliseconds) + " to plan") +
      memory_text(command, engine, allocator, load));
  if (command.dump_profile) {
    print(profile_text(engine.context()->profile(), measurement.all_runs));
  }
}

// Whether the pools have the bytes that were planned.
ExitCode memory_verdict(const runtime::MemoryPlan& plan, std::size_t held) {
  const std::size_t planned = plan.total_memory + plan.weights_bytes;
  if (held == planned) return ExitCode::kOk;
  note("the pools hold " + std::to_string(held) + " bytes, planned were " +
       std::to_string(planned));
  return ExitCode::kOtherMemory;
}

Status export_profile(importers::OutputFile& file, const runtime::Engine& engine, int runs) {
  const Json json = Json::object()
                        .set("schema", "mini-infer.profile")
                        .set("version", 1)
                        .set("runs", runs)
                        .set("steps", profile_json(engine.context()->profile(), runs));
  return write_text(file, json.dump() + "\n");
}

Status export_times(importers::OutputFile& file, const std::vector<double>& times_ms) {
  const Json json = Json::object()
                        .set("schema", "mini-infer.times")
                        .set("version", 1)
                        .set("latency_milliseconds", report::json_array(times_ms));
  return write_text(file, json.dump() + "\n");
}

}  // namespace

core::Result<ExitCode> execute(const BenchCommand& command) {
  MI_ASSIGN(const auto profile_file, open_output(command.export_profile));
  MI_ASSIGN(const auto times_file, open_output(command.export_times));
  Progress progress;
  progress.show("importing " + command.model.path);
  MI_ASSIGN(Model model, load_model(command.model));
  runtime::EngineConfig config = engine_config(command.planning, command.device);
  if (command.account && config.device != core::Device::kCuda) {
    return Status(Status::ERROR_INVALID_ARGUMENT,
                  "--account: expected a CUDA device, whose memory others may take, too");
  }
  MI_ASSIGN(auto memory, runtime::device_allocator(config.device, config.cuda.device));
  const auto allocator = std::make_shared<CountingAllocator>(std::move(memory));
  config.allocator = allocator;
  config.cuda.watch_allocations = command.account;
  config.enable_profiling = command.dump_profile || !command.export_profile.empty();
  progress.show("building the engine");
  const Stopwatch stopwatch;
  MI_ASSIGN(const runtime::Engine engine, build_engine(model, std::move(config)));
  const Load load{model.import_ms, stopwatch.milliseconds(), allocator->allocations()};
  MI_TRY(add_random_inputs(engine, command.seed, model.inputs));
  MI_ASSIGN(const Measurement measurement, measure(engine, model.inputs, command, progress));
  progress.clear();
  warn_if_unstable(measurement.latency);
  if (times_file) MI_TRY(export_times(*times_file, measurement.times_ms));
  if (profile_file) MI_TRY(export_profile(*profile_file, engine, measurement.all_runs));
  if (command.json) {
    print_json(command, engine, *allocator, load, measurement);
  } else {
    print_text(command, engine, *allocator, load, measurement);
  }
  return memory_verdict(engine.memory_plan(), allocator->held_bytes());
}

}  // namespace mini_infer::cli
