// A plan is a function of the model and the options: of no machine, build, run or thread.
#include <gtest/gtest.h>

#include "core/fnv1a.h"
#include "mini_infer/runtime/engine.h"
#include "mini_infer/runtime/memory_planner.h"
#include "support/random_graph.h"

namespace mini_infer::test {
namespace {

std::string plan_hash(std::uint32_t seed, const runtime::PlanningOptions& options = {}) {
  const RandomGraph random = random_graph(seed);
  const runtime::MemoryPlan plan = runtime::MemoryPlanner(options).plan(random.graph.get());
  EXPECT_TRUE(plan.status.ok()) << plan.status.to_string();
  return plan.plan_hash;
}

std::string hash_of_many(std::uint32_t graphs) {
  core::Fnv1a hash;
  for (std::uint32_t seed = 0; seed < graphs; ++seed) {
    runtime::PlanningOptions options;
    options.keep_inputs = seed % 2 == 0;
    options.alignment = std::size_t{16} << (seed % 5);
    hash.add(plan_hash(seed, options));
  }
  return hash.hex();
}

// After a wanted change of plans, state what is found: it is the same in every build.
TEST(SamePlan, OnEveryMachineAndInEveryBuild) { EXPECT_EQ(hash_of_many(1000), "e2eb09bcb4d9e75c"); }

TEST(SamePlan, InEveryRun) {
  const std::string first = hash_of_many(200);
  for (int run = 1; run < 3; ++run) EXPECT_EQ(hash_of_many(200), first);
}

TEST(SamePlan, ForAnyNumberOfThreads) {
  for (std::uint32_t seed = 0; seed < 50; ++seed) {
    for (const int threads : {1, 2, 4}) {
      runtime::EngineConfig config;
      config.cpu.threads = threads;
      runtime::Engine engine(config);
      ASSERT_TRUE(engine.build(random_graph(seed).graph).ok());
      EXPECT_EQ(engine.memory_plan().plan_hash, plan_hash(seed)) << threads << " threads";
    }
  }
}

}  // namespace
}  // namespace mini_infer::test
