// Random graphs: the plan must not show in the results, and the judges must know a bad plan.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "judge/execution.h"
#include "mini_infer/runtime/engine.h"
#include "ops/tensor_window.h"
#include "runtime/state_plan.h"
#include "support/random_graph.h"

namespace mini_infer::test {
namespace {

using core::Status;
using runtime::Engine;
using runtime::EngineConfig;
using runtime::MemoryPlan;
using runtime::TensorPlacement;

constexpr std::uint32_t kGraphs = 10000;

std::vector<core::Tensor> run(const EngineConfig& config, const RandomGraph& random) {
  Engine engine(config);
  Status status = engine.build(random.graph);
  EXPECT_TRUE(status.ok()) << status.to_string();
  if (!status.ok()) return {};
  for (std::size_t i = 0; i < random.inputs.size(); ++i) {
    status = engine.context()->set_input(i, random.inputs[i].bytes());
    EXPECT_TRUE(status.ok()) << status.to_string();
  }
  status = engine.context()->run();
  EXPECT_TRUE(status.ok()) << status.to_string();
  if (!status.ok()) return {};
  std::vector<core::Tensor> outputs;
  for (std::size_t i = 0; i < engine.outputs().size(); ++i) {
    outputs.push_back(engine.context()->output(i).value().copy());
  }
  return outputs;
}

bool same_bits(const core::Tensor& a, const core::Tensor& b) {
  return a.type() == b.type() && a.shape() == b.shape() &&
         std::equal(a.bytes().begin(), a.bytes().end(), b.bytes().begin());
}

// Half of the graphs are optimised; the kernels are the same in both runs of a graph.
EngineConfig config_for(std::uint32_t seed) {
  EngineConfig config;
  if (seed % 2 == 0) config.passes.emplace();
  config.keep_inputs = seed % 5 == 0;
  config.memory_alignment = std::size_t{16} << (seed % 5);
  return config;
}

TEST(PlannedExecution, EqualsUnsharedExecutionBitForBitInPoisonedMemory) {
  for (std::uint32_t seed = 0; seed < kGraphs; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const RandomGraph random = random_graph(seed);
    EngineConfig planned = config_for(seed);
    planned.poison_memory = true;
    EngineConfig unshared = config_for(seed);
    unshared.enable_memory_planning = false;
    const auto with_plan = run(planned, random);
    const auto without = run(unshared, random);
    ASSERT_EQ(with_plan.size(), without.size());
    for (std::size_t i = 0; i < with_plan.size(); ++i) {
      ASSERT_TRUE(same_bits(with_plan[i], without[i])) << "output " << i << "\n"
                                                       << random.graph->to_text();
    }
    if (HasFailure()) return;
  }
}

TEST(PlannedExecution, WorksInTheCallersBuffers) {
  for (std::uint32_t seed = 0; seed < kGraphs / 10; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const RandomGraph random = random_graph(seed);
    EngineConfig config = config_for(seed);
    const auto expected = run(config, random);
    config.stage_inputs = config.stage_outputs = false;
    Engine engine(config);
    ASSERT_TRUE(engine.build(random.graph).ok());
    std::vector<core::Tensor> outputs;
    for (std::size_t i = 0; i < random.inputs.size(); ++i) {
      const auto bytes = random.inputs[i].bytes();
      ASSERT_TRUE(engine.context()->bind_input(i, bytes.data(), bytes.size()).ok());
    }
    std::vector<core::Tensor> inputs_before;
    for (const core::Tensor& input : random.inputs) {
      inputs_before.push_back(core::Tensor::copy_of(input.type(), input.shape(), input.bytes()));
    }
    for (std::size_t i = 0; i < engine.outputs().size(); ++i) {
      const auto& info = engine.outputs()[i];
      outputs.push_back(core::Tensor::allocate(info.type, info.shape).value());
      std::byte* memory = outputs.back().mutable_bytes().data();
      ASSERT_TRUE(engine.context()->bind_output(i, memory, info.size_bytes).ok());
    }
    const Status ran = engine.context()->run();
    ASSERT_TRUE(ran.ok()) << ran.to_string();
    for (std::size_t i = 0; i < outputs.size(); ++i)
      ASSERT_TRUE(same_bits(outputs[i], expected[i]));
    for (std::size_t i = 0; i < random.inputs.size(); ++i) {
      ASSERT_TRUE(same_bits(inputs_before[i], random.inputs[i])) << "an input was written";
    }
  }
}

bool refused(const graph::Graph& graph, const MemoryPlan& plan) {
  const auto statement = runtime::state_plan(graph, plan);
  return !statement.ok() || !runtime::judge_plan(*statement).ok();
}

// By the judge of the execution alone.
bool execution_refused(const graph::Graph& graph, const MemoryPlan& plan) {
  const auto statement = runtime::state_plan(graph, plan);
  return !statement.ok() || !judge::check_execution(*statement).ok();
}

bool live_together(const TensorPlacement& a, const TensorPlacement& b) {
  return a.size_bytes > 0 && b.size_bytes > 0 && a.first_step <= b.last_step &&
         b.first_step <= a.last_step;
}

struct Mutations {
  int overlaps = 0, misaligned = 0, shortened = 0, wrong_aliases = 0, moved_windows = 0;
};

void expect_overlaps_refused(const graph::Graph& graph, const MemoryPlan& plan, Mutations& done) {
  const auto& tensors = plan.pools[0].tensors;
  for (std::size_t a = 0; a < tensors.size(); ++a) {
    for (std::size_t b = 0; b < tensors.size(); ++b) {
      if (a == b || !live_together(tensors[a], tensors[b])) continue;
      MemoryPlan mutated = plan;
      mutated.pools[0].tensors[a].offset = tensors[b].offset;
      ASSERT_TRUE(refused(graph, mutated)) << tensors[a].name << " on " << tensors[b].name;
      ++done.overlaps;
    }
  }
}

void expect_misalignment_refused(const graph::Graph& graph, const MemoryPlan& plan,
                                 Mutations& done) {
  for (std::size_t a = 0; a < plan.pools[0].tensors.size(); ++a) {
    if (plan.pools[0].tensors[a].size_bytes == 0) continue;
    MemoryPlan mutated = plan;
    mutated.pools[0].tensors[a].offset += plan.pools[0].alignment / 2;
    ASSERT_TRUE(refused(graph, mutated)) << plan.pools[0].tensors[a].name;
    ++done.misaligned;
  }
}

void expect_shortened_lifetimes_refused(const graph::Graph& graph, const MemoryPlan& plan,
                                        Mutations& done) {
  for (std::size_t a = 0; a < plan.pools[0].tensors.size(); ++a) {
    const TensorPlacement& tensor = plan.pools[0].tensors[a];
    if (tensor.kind != TensorPlacement::Kind::kTensor || tensor.first_step == tensor.last_step) {
      continue;
    }
    MemoryPlan mutated = plan;
    --mutated.pools[0].tensors[a].last_step;
    ASSERT_TRUE(execution_refused(graph, mutated)) << tensor.name << " ends early\n"
                                                   << graph.to_text();
    ++done.shortened;
    mutated = plan;
    ++mutated.pools[0].tensors[a].first_step;
    ASSERT_TRUE(execution_refused(graph, mutated)) << tensor.name << " starts late\n"
                                                   << graph.to_text();
    ++done.shortened;
  }
}

int step_of(const MemoryPlan& plan, graph::NodeId node) {
  for (std::size_t step = 0; step < plan.steps.size(); ++step) {
    if (plan.steps[step].node == node) return static_cast<int>(step);
  }
  return -1;
}

// Whether `value` exists before `step` and is read after it, or is a graph output.
bool needed_across(const graph::Graph& graph, const MemoryPlan& plan, graph::ValueId value,
                   int step) {
  const graph::NodeId producer = graph.value(value).producer;
  if (producer != graph::kNoNode && step_of(plan, producer) >= step) return false;
  if (graph.is_output(value)) return true;
  for (std::size_t at = static_cast<std::size_t>(step) + 1; at < plan.steps.size(); ++at) {
    const auto& inputs = graph.node(plan.steps[at].node).inputs;
    if (std::find(inputs.begin(), inputs.end(), value) != inputs.end()) return true;
  }
  return false;
}

// In how many places the value may lie as a part of one of these.
int places_in(const graph::Graph& graph, graph::ValueId value,
              const std::vector<graph::ValueId>& others) {
  const auto among = [](const std::vector<graph::ValueId>& all, graph::ValueId one) {
    return std::find(all.begin(), all.end(), one) != all.end();
  };
  int places = 0;
  for (graph::NodeId id = 0; id < static_cast<graph::NodeId>(graph.nodes().size()); ++id) {
    const graph::Node& node = graph.node(id);
    for (const ops::TensorWindow& window : ops::windows(ops::NodeView(graph, id))) {
      const graph::ValueId input = node.inputs[static_cast<std::size_t>(window.input)];
      const graph::ValueId output = node.outputs[static_cast<std::size_t>(window.output)];
      const graph::ValueId inner = window.of_output ? input : output;
      if (inner == value && among(others, inner == input ? output : input)) ++places;
    }
  }
  return places;
}

// Puts a value into a storage whose content is still needed when the value is written. Only the
// execution judge can see this: the storages themselves do not overlap.
void expect_wrong_aliases_refused(const graph::Graph& graph, const MemoryPlan& plan,
                                  Mutations& done) {
  const auto& tensors = plan.pools[0].tensors;
  for (std::size_t from = 0; from < tensors.size(); ++from) {
    if (tensors[from].values.size() != 1 || tensors[from].size_bytes == 0) continue;
    const graph::ValueId moved = tensors[from].values[0];
    const graph::NodeId producer = graph.value(moved).producer;
    if (producer == graph::kNoNode) continue;
    const int step = step_of(plan, producer);
    for (std::size_t to = 0; to < tensors.size(); ++to) {
      if (to == from || tensors[to].size_bytes < tensors[from].size_bytes) continue;
      if (!tensors[to].windows.empty()) continue;  // parts may still be free
      const auto& held = tensors[to].values;
      if (std::none_of(held.begin(), held.end(), [&](graph::ValueId value) {
            return needed_across(graph, plan, value, step);
          })) {
        continue;
      }
      if (places_in(graph, moved, held) > 0) continue;
      MemoryPlan mutated = plan;
      mutated.pools[0].tensors[from].values.clear();
      mutated.pools[0].tensors[to].values.push_back(moved);
      mutated.pools[0].tensors[to].last_step =
          std::max(tensors[to].last_step, tensors[from].last_step);
      ASSERT_TRUE(execution_refused(graph, mutated))
          << tensors[from].name << " into " << tensors[to].name << "\n"
          << graph.to_text();
      ++done.wrong_aliases;
    }
  }
}

// Puts windows where they are not the part that their node says, but aligned and in the storage.
void expect_moved_windows_refused(const graph::Graph& graph, const MemoryPlan& plan,
                                  Mutations& done) {
  const auto& tensors = plan.pools[0].tensors;
  for (std::size_t a = 0; a < tensors.size(); ++a) {
    for (std::size_t b = 0; b < tensors[a].windows.size(); ++b) {
      if (places_in(graph, tensors[a].windows[b].value, tensors[a].values) > 1) continue;
      MemoryPlan mutated = plan;
      runtime::WindowPlacement& window = mutated.pools[0].tensors[a].windows[b];
      window.offset_bytes = window.offset_bytes == 0 ? 16 : window.offset_bytes - 16;
      ASSERT_TRUE(execution_refused(graph, mutated)) << tensors[a].name << "\n" << graph.to_text();
      ++done.moved_windows;
      if (window.pitch_bytes == 0) continue;
      window = tensors[a].windows[b];
      window.pitch_bytes -= 16;
      ASSERT_TRUE(execution_refused(graph, mutated)) << tensors[a].name << "\n" << graph.to_text();
      ++done.moved_windows;
    }
  }
}

TEST(Judges, AcceptEveryPlanAndRefuseEveryMutatedOne) {
  Mutations done;
  for (std::uint32_t seed = 0; seed < kGraphs / 5; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Engine engine(config_for(seed));
    ASSERT_TRUE(engine.build(random_graph(seed).graph).ok());  // build refuses what a judge refuses
    const graph::Graph& graph = engine.graph();
    const MemoryPlan& plan = engine.memory_plan();
    ASSERT_FALSE(refused(graph, plan));
    expect_overlaps_refused(graph, plan, done);
    expect_misalignment_refused(graph, plan, done);
    expect_shortened_lifetimes_refused(graph, plan, done);
    expect_wrong_aliases_refused(graph, plan, done);
    expect_moved_windows_refused(graph, plan, done);
    if (HasFatalFailure()) return;
  }
  EXPECT_GE(done.overlaps, 10000);
  EXPECT_GE(done.misaligned, 10000);
  EXPECT_GE(done.shortened, 10000);
  EXPECT_GE(done.wrong_aliases, 1000);
  EXPECT_GE(done.moved_windows, 1000);
}

}  // namespace
}  // namespace mini_infer::test
