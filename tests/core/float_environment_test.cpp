#include "core/float_environment.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cfenv>
#include <limits>
#include <thread>

#include "core/thread_pool.h"
#include "support/float_states.h"

namespace mini_infer::test {
namespace {

using core::FloatEnvironment;

// The compiler must not compute these itself.
float third() {
  volatile float one = 1, three = 3;
  return one / three;
}
float half_of_least_normal() {
  volatile float least = std::numeric_limits<float>::min(), half = 0.5f;
  return least * half;
}

TEST(FloatEnvironment, IsTheSameUnderEveryStateOfTheHost) {
  const float expected = third();
  for (const FloatState& state : kFloatStates) {
    SCOPED_TRACE(state.name);
    const WithFloatState host(state);
    const std::uint64_t before = float_state();
    {
      const FloatEnvironment ours;
      EXPECT_EQ(third(), expected);
      EXPECT_NE(half_of_least_normal(), 0.0f) << "denormal numbers are kept";
      EXPECT_EQ(std::fegetround(), FE_TONEAREST);
    }
    EXPECT_EQ(float_state(), before) << "not even a sticky flag is left";
  }
}

TEST(FloatEnvironment, OfTheWorkersIsNotTheOneOfWhoMadeThem) {
  const float expected = third();
  for (const FloatState& state : kFloatStates) {
    SCOPED_TRACE(state.name);
    const WithFloatState host(state);
    core::ThreadPool pool(4);
    std::atomic<int> inside{0}, wrong{0};
    pool.run(4, [&](std::int64_t, int worker) {
      ++inside;
      while (inside < 4) std::this_thread::yield();
      if (worker == 0) return;  // the caller has what it brings
      if (third() != expected || half_of_least_normal() == 0.0f) ++wrong;
    });
    EXPECT_EQ(wrong, 0);
  }
}

}  // namespace
}  // namespace mini_infer::test
