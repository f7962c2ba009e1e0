#include <gtest/gtest.h>

#include <cstring>
#include <thread>

#include "mini_infer/runtime/memory_planner.h"
#include "runtime/products.h"
#include "support/float_states.h"

// A host may flush denormal numbers or round otherwise, for its own work. Results must not tell.
namespace mini_infer::test {
namespace {

using runtime::Engine;

bool same_bits(const std::vector<float>& a, const std::vector<float>& b) {
  return a.size() == b.size() && !a.empty() &&
         std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

std::vector<float> reference() {
  Engine engine(with_threads(1));
  if (!engine.build(products_model()).ok()) return {};
  return outputs_of(*engine.context());
}

TEST(FloatState, OfTheHostChangesNoOutput) {
  const std::vector<float> expected = reference();
  for (int threads = 1; threads <= 4; ++threads) {
    Engine engine(with_threads(threads));
    ASSERT_TRUE(engine.build(products_model()).ok());
    for (const FloatState& state : kFloatStates) {
      SCOPED_TRACE(std::string(state.name) + ", " + std::to_string(threads) + " threads");
      std::vector<float> found;
      std::uint64_t before = 0, after = 1;
      {
        const WithFloatState host(state);
        before = float_state();
        found = outputs_of(*engine.context());
        after = float_state();
      }
      EXPECT_TRUE(same_bits(found, expected));
      EXPECT_EQ(after, before);
    }
  }
}

// Constants are folded and packed, and workers are made, while an engine is built.
TEST(FloatState, OfTheBuilderChangesNoOutput) {
  const std::vector<float> expected = reference();
  for (int threads = 1; threads <= 4; ++threads) {
    for (const FloatState& state : kFloatStates) {
      SCOPED_TRACE(std::string(state.name) + ", " + std::to_string(threads) + " threads");
      const auto model = products_model();
      Engine engine(with_threads(threads));
      bool built = false;
      std::uint64_t before = 0, after = 1;
      {
        const WithFloatState host(state);
        before = float_state();
        built = engine.build(model).ok();
        after = float_state();
      }
      ASSERT_TRUE(built);
      EXPECT_EQ(after, before);
      EXPECT_TRUE(same_bits(outputs_of(*engine.context()), expected));
    }
  }
}

TEST(FloatState, OfTheHostChangesNoPlan) {
  const auto model = products_model();
  const runtime::MemoryPlan expected = runtime::MemoryPlanner().plan(model.get());
  for (const FloatState& state : kFloatStates) {
    SCOPED_TRACE(state.name);
    runtime::MemoryPlan found;
    {
      const WithFloatState host(state);
      found = runtime::MemoryPlanner().plan(model.get());
    }
    EXPECT_EQ(found.plan_hash, expected.plan_hash);
    EXPECT_EQ(found.total_memory, expected.total_memory);
  }
}

}  // namespace
}  // namespace mini_infer::test
