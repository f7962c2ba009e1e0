// The memory of whole models: what they need unshared, planned, and at least; and what planning
// costs. R1 is the arena over the bound of its order and alias set, R2 over the bound of all
// orders, R3 over that of the model as it is in its file: its order, every node, nothing in place.
//   memory_table [[NAME=N...] MODEL.onnx]...
// Prints a Markdown table. NAME=N binds an extent that the next model leaves open by that name; all
// others are 1. A file that does not exist is reported as skipped.
#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

#include "model_arguments.h"

namespace {

using namespace mini_infer;
using benchmarks::Extents;

// As it is in the file.
runtime::MemoryPlan raw_plan(graph::Graph* graph) {
  runtime::PlanningOptions options;
  options.share_memory = false;
  options.passes.emplace();
  return runtime::MemoryPlanner(options).plan(graph);
}

core::Status print_row(const std::filesystem::path& path, const Extents& extents) {
  auto imported = importers::import_onnx(path);
  if (!imported.ok()) return imported.status();
  if (auto bound = benchmarks::bind_open_extents(**imported, extents); !bound.ok()) return bound;
  std::vector<double> planning;
  runtime::MemoryPlan plan;
  for (int repeat = 0; repeat < 3; ++repeat) {
    plan = runtime::MemoryPlanner().plan(imported->get());
    if (!plan.status.ok()) return plan.status;
    planning.push_back(plan.planning_milliseconds);
  }
  const runtime::MemoryPlan raw = raw_plan(imported->get());
  if (!raw.status.ok()) return raw.status;
  constexpr double kMiB = 1024.0 * 1024.0;
  const auto over = [&](std::size_t bound) {
    return static_cast<double>(plan.total_memory) / static_cast<double>(bound);
  };
  std::printf("| %s | %zu | %.3f | %.3f | %.3f | %.4f | %.4f | %.4f | %.1f %% | %s | %s | %.2f |\n",
              benchmarks::title(path, extents).c_str(), plan.steps.size(),
              static_cast<double>(plan.original_memory) / kMiB,
              static_cast<double>(plan.total_memory) / kMiB,
              static_cast<double>(plan.lower_bound) / kMiB, over(plan.lower_bound),
              over(plan.order_bound), over(raw.lower_bound),
              100.0 * static_cast<double>(plan.memory_saving_ratio),
              plan.proven_offsets() ? "proven" : "open", plan.proven_order() ? "proven" : "open",
              benchmarks::median(planning));
  return core::Status::SUCCESS;
}

bool print_or_report(const std::string& path, const Extents& extents) {
  if (!std::filesystem::exists(path)) {
    std::fprintf(stderr, "%s: skipped, there is no such file\n", path.c_str());
    return true;
  }
  const core::Status status = print_row(path, extents);
  if (!status.ok()) std::fprintf(stderr, "%s: %s\n", path.c_str(), status.to_string().c_str());
  return status.ok();
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  if (arguments.empty()) {
    std::fprintf(stderr, "usage: memory_table [[NAME=N...] MODEL.onnx]...\n");
    return 1;
  }
  std::printf(
      "| model | steps | unshared MiB | arena MiB | bound MiB | R1 | R2 | R3 | saving | offsets "
      "| order | planning ms |\n|---|---|---|---|---|---|---|---|---|---|---|---|\n");
  bool ok = true;
  Extents extents;
  for (const std::string& argument : arguments) {
    if (benchmarks::enter_extent(argument, extents)) continue;
    ok &= print_or_report(argument, extents);
    extents.clear();
  }
  return ok ? 0 : 1;
}
