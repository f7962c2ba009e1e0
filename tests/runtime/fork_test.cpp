#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <optional>

#include "mini_infer/runtime/engine.h"
#include "runtime/products.h"

// A host may fork: a server that loads its models and then starts its children, say.
namespace mini_infer::test {
namespace {

using core::Status;
using runtime::Engine;

// What a child of this process finds; 0: `check` says yes.
template <typename Check>
int status_of_child(Check check) {
  const pid_t child = fork();
  if (child == 0) _exit(check() ? 0 : 1);
  int status = -1;
  waitpid(child, &status, 0);
  return status;
}

class Fork : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(engine_->build(products_model()).ok());
    expected_ = outputs_of(*engine_->context());
    ASSERT_FALSE(expected_.empty());
  }

  std::optional<Engine> engine_ = Engine(with_threads(3));
  std::vector<float> expected_;
};

TEST_F(Fork, AContextRunsInTheChild) {
  EXPECT_EQ(status_of_child([&] { return outputs_of(*engine_->context()) == expected_; }), 0);
  EXPECT_EQ(outputs_of(*engine_->context()), expected_) << "and in the parent";
}

TEST_F(Fork, TheChildMakesContextsAndEngines) {
  EXPECT_EQ(status_of_child([&] {
              const auto context = engine_->create_context();
              Engine another(with_threads(3));
              return context.ok() && outputs_of(**context) == expected_ &&
                     another.build(products_model()).ok() &&
                     outputs_of(*another.context()) == expected_;
            }),
            0);
}

TEST_F(Fork, TheChildBuildsTheEngineAgain) {
  EXPECT_EQ(status_of_child([&] {
              return engine_->build(products_model()).ok() &&
                     outputs_of(*engine_->context()) == expected_;
            }),
            0);
}

TEST_F(Fork, TheChildLetsTheEngineGo) {
  EXPECT_EQ(status_of_child([&] {
              engine_.reset();
              return true;
            }),
            0);
  EXPECT_EQ(status_of_child([&] {
              outputs_of(*engine_->context());
              engine_.reset();
              return true;
            }),
            0)
      << "after a run";
}

TEST(ForkOfBoundThreads, RunsAndEndsInTheChild) {
  runtime::EngineConfig config = with_threads(3);
  config.cpu.processors = {0};
  std::optional<Engine> engine = Engine(config);
  ASSERT_TRUE(engine->build(products_model()).ok());
  const std::vector<float> expected = outputs_of(*engine->context());
  EXPECT_EQ(status_of_child([&] {
              const bool same = outputs_of(*engine->context()) == expected;
              engine.reset();
              return same;
            }),
            0);
}

}  // namespace
}  // namespace mini_infer::test
