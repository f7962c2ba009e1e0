// The memory of whole models: what they need unshared, planned, and at least; and what planning
// costs.
//   memory_table [--batch N] MODEL.onnx...
// Prints a Markdown table. Extents a model leaves open are bound to N (1 unless given).
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "mini_infer/mini_infer.h"

namespace {

using namespace mini_infer;

core::Status bind_open_extents(graph::Graph& graph, std::int64_t batch) {
  for (graph::ValueId id : graph.inputs) {
    const graph::Value& value = graph.value(id);
    if (value.shape || !value.declared) continue;
    std::vector<std::int64_t> dims;
    for (const graph::Dim& dim : *value.declared)
      dims.push_back(dim.extent >= 0 ? dim.extent : batch);
    const std::string name = value.name;
    if (auto bound = graph::bind_input_shape(graph, name, core::Shape(dims)); !bound.ok())
      return bound;
  }
  return core::Status::SUCCESS;
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

// The model's folder when the file is just "model.onnx".
std::string title(const std::filesystem::path& path) {
  return path.stem() == "model" ? path.parent_path().filename().string() : path.stem().string();
}

core::Status print_row(const std::filesystem::path& path, std::int64_t batch) {
  auto imported = importers::import_onnx(path);
  if (!imported.ok()) return imported.status();
  if (auto bound = bind_open_extents(**imported, batch); !bound.ok()) return bound;
  std::vector<double> planning;
  runtime::MemoryPlan plan;
  for (int repeat = 0; repeat < 3; ++repeat) {
    plan = runtime::MemoryPlanner().plan(imported->get());
    if (!plan.status.ok()) return plan.status;
    planning.push_back(plan.planning_milliseconds);
  }
  constexpr double kMiB = 1024.0 * 1024.0;
  std::printf(
      "| %s | %zu | %.3f | %.3f | %.3f | %.4f | %.1f %% | %s | %s | %.2f |\n", title(path).c_str(),
      plan.steps.size(), static_cast<double>(plan.original_memory) / kMiB,
      static_cast<double>(plan.total_memory) / kMiB, static_cast<double>(plan.lower_bound) / kMiB,
      static_cast<double>(plan.total_memory) / static_cast<double>(plan.lower_bound),
      100.0 * static_cast<double>(plan.memory_saving_ratio),
      plan.proven_offsets() ? "proven" : "open", plan.proven_order() ? "proven" : "open",
      median(planning));
  return core::Status::SUCCESS;
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<std::string> arguments(argv + 1, argv + argc);
  std::int64_t batch = 1;
  if (arguments.size() >= 2 && arguments[0] == "--batch") {
    batch = std::atoll(arguments[1].c_str());
    arguments.erase(arguments.begin(), arguments.begin() + 2);
  }
  if (arguments.empty()) {
    std::fprintf(stderr, "usage: memory_table [--batch N] MODEL.onnx...\n");
    return 1;
  }
  std::printf(
      "| model | steps | unshared MiB | arena MiB | bound MiB | arena/bound | saving | offsets "
      "| order | planning ms |\n|---|---|---|---|---|---|---|---|---|---|\n");
  int failures = 0;
  for (const std::string& path : arguments) {
    if (const auto status = print_row(path, batch); !status.ok()) {
      std::fprintf(stderr, "%s: %s\n", path.c_str(), status.to_string().c_str());
      ++failures;
    }
  }
  return failures == 0 ? 0 : 1;
}
