// The integration guide's own lines, unchanged, each group in a function with the variables it uses
// declared around it. What must hold of them is checked by the functions' callers.
#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

#include "mini_infer/importers/onnx.h"
#include "mini_infer/runtime/engine.h"
#include "mini_infer/runtime/memory_planner.h"

using namespace mini_infer;
using namespace mini_infer::runtime;

namespace {

using GraphPointer = std::shared_ptr<graph::Graph>;

// clang-format off
MemoryPlan planning(GraphPointer graph, EngineConfig config_) {
  MemoryPlan memory_plan_;
  // planning
  MemoryPlanner planner;
  planner.set_enabled(true);
  planner.set_verbose(config_.enable_profiling);
  planner.set_alignment(256);
  memory_plan_ = planner.plan(graph.get());
  MI_LOG_INFO("[Engine] Memory planning completed, saved " +
              std::to_string(memory_plan_.memory_saving_ratio * 100.0f) + "%");
  return memory_plan_;
}

std::size_t one_block_per_pool(const MemoryPlan& memory_plan_) {
  std::vector<void*> memory_pools_;
  // one block per pool
  for (const auto& pool : memory_plan_.pools) { void* ptr = std::malloc(pool.size_bytes); /* ... */
    memory_pools_.push_back(ptr); }
  for (void* pool : memory_pools_) std::free(pool);
  return memory_pools_.size();
}

std::size_t measuring(const MemoryPlan& memory_plan_) {
  // measuring
  size_t total_memory = 0;
  for (const auto& pool : memory_plan_.pools) total_memory += pool.size_bytes;
  std::cout << "Total memory: " << total_memory / 1024.0 << " KB\n";
  return total_memory;
}

float comparing(GraphPointer graph) {
  MemoryPlanner planner;
  // comparing
  planner.set_enabled(false);
  auto plan1 = planner.plan(graph.get());
  planner.set_enabled(true);
  auto plan2 = planner.plan(graph.get());
  float improvement = (1.0f - float(plan2.total_memory) / plan1.total_memory) * 100.0f;
  std::cout << "Memory improvement: " << improvement << "%\n";
  return improvement;
}

bool configuration() {
  // configuration
  struct EngineConfig { bool enable_memory_planning = true; size_t memory_alignment = 256; /* ... */ };
  const EngineConfig theirs;
  const runtime::EngineConfig ours;
  return theirs.enable_memory_planning == ours.enable_memory_planning &&
         theirs.memory_alignment == ours.memory_alignment;
}

void trouble_with_a_plan(const MemoryPlan& memory_plan_) {
  // trouble
  if (memory_plan_.pools.empty()) MI_LOG_WARNING("[Engine] Memory planning returned empty plan");
}

std::size_t trouble_with_a_cycle(GraphPointer graph) {
  std::vector<mini_infer::graph::NodeId> topo_order;
  auto status = graph->topological_sort(topo_order);
  if (status != core::Status::SUCCESS) MI_LOG_ERROR("[MemoryPlanner] Graph has cycles!");
  return topo_order.size();
}

bool trouble_with_an_engine(GraphPointer graph) {
  Engine engine;
  core::Status status = engine.build(graph);   // std::shared_ptr<graph::Graph>
  return status == core::Status::SUCCESS;
}
// clang-format on

bool failed = false;
void expect(bool holds, const char* what) {
  if (!holds) std::cout << "guide: not so: " << what << '\n';
  failed |= !holds;
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 2) return EXIT_FAILURE;
  auto model = importers::import_onnx(arguments[1], {.shapes = {{"image", {1, 1, 28, 28}}}});
  if (!model.ok()) {
    std::cout << model.status().to_string() << '\n';
    return EXIT_FAILURE;
  }
  std::string lines;
  core::set_log_level(core::LogLevel::kInfo);
  core::set_log_callback([&](core::LogLevel, std::string_view line) { lines += line; });

  const MemoryPlan plan = planning(*model, {});
  expect(one_block_per_pool(plan) == 1, "the plan has one pool");
  expect(measuring(plan) == plan.total_memory, "total_memory is the pools' sum");
  expect(comparing(*model) >= 31.0f, "planning saves 31 % of LeNet-5's memory");
  expect(configuration(), "the configuration's fields have the guide's defaults");
  trouble_with_a_plan(plan);
  expect(trouble_with_a_cycle(*model) == model.value()->nodes().size(), "LeNet-5 has no cycle");
  expect(trouble_with_an_engine(*model), "an engine can be built");
  for (const char* line : {"[MemoryPlanner] Starting static memory planning...",
                           "[MemoryPlanner] Analyzed ", "Original memory: ", "Optimized memory: ",
                           "Memory saving: ", "[Engine] Performing static memory planning...",
                           "[Engine] Memory planning completed, saved "}) {
    expect(lines.find(line) != std::string::npos, line);
  }
  core::set_log_callback({});
  if (!failed) std::cout << "guide: all as expected\n";
  return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
