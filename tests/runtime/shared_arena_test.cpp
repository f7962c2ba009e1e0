#include "mini_infer/runtime/shared_arena.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "mini_infer/runtime/engine.h"
#include "support/graph_builder.h"

// Contexts that take turns in one block of memory.
namespace mini_infer::test {
namespace {

using core::Status;
using core::Tensor;
using runtime::Engine;
using runtime::EngineConfig;
using runtime::ExecutionContext;
using runtime::SharedArena;
using ::testing::Each;
using ::testing::HasSubstr;

// y = factor * relu(x), of so many elements.
std::unique_ptr<Engine> engine_of(std::int64_t elements, float factor, EngineConfig config = {}) {
  GraphBuilder b;
  const graph::ValueId x = b.input("x", {elements});
  const graph::ValueId scale = b.constant(
      Tensor::from<float>(core::DataType::kFloat32, core::Shape{}, std::vector<float>{factor}));
  b.output(b.op("Mul", {b.op("Relu", {x}), scale}, {}, "y"));
  config.caller_memory = true;
  auto engine = std::make_unique<Engine>(config);
  const Status built = engine->build(b.share());
  EXPECT_TRUE(built.ok()) << built.to_string();
  return engine;
}

Tensor filled(std::int64_t elements, float value) {
  return Tensor::from<float>(core::DataType::kFloat32, core::Shape{elements},
                             std::vector<float>(static_cast<std::size_t>(elements), value));
}

std::vector<float> output_of(const ExecutionContext& context) {
  const auto y = context.output("y");
  EXPECT_TRUE(y.ok()) << y.status().to_string();
  if (!y.ok()) return {};
  const auto values = y->as<float>();
  return {values.begin(), values.end()};
}

// Two engines, and a context of each, in one block.
class SharedArenaTest : public ::testing::Test {
 protected:
  void SetUp() override {
    small_ = engine_of(64, 2);
    large_ = engine_of(4096, 3);
    const Engine* const engines[] = {small_.get(), large_.get()};
    auto arena = SharedArena::create(engines);
    ASSERT_TRUE(arena.ok()) << arena.status().to_string();
    arena_ = *arena;
    a_ = small_->create_context(arena_).value();
    b_ = large_->create_context(arena_).value();
  }

  std::unique_ptr<Engine> small_, large_;
  std::shared_ptr<SharedArena> arena_;
  std::unique_ptr<ExecutionContext> a_, b_;
};

TEST_F(SharedArenaTest, IsAsLargeAsTheLargestNeeds) {
  EXPECT_EQ(arena_->size_bytes(), large_->activation_bytes());
  EXPECT_GT(large_->activation_bytes(), small_->activation_bytes());
  EXPECT_EQ(a_->arena().data(), b_->arena().data());
}

TEST_F(SharedArenaTest, ContextsTakeTurns) {
  for (int round = 0; round < 3; ++round) {
    ASSERT_TRUE(a_->set_input("x", filled(64, 1)).ok());
    ASSERT_TRUE(a_->run().ok());
    EXPECT_THAT(output_of(*a_), Each(2));
    ASSERT_TRUE(b_->set_input("x", filled(4096, 1)).ok());
    ASSERT_TRUE(b_->run().ok());
    EXPECT_THAT(output_of(*b_), Each(3));
  }
}

TEST_F(SharedArenaTest, WhatAnotherTurnHasOverwrittenIsRefused) {
  ASSERT_TRUE(a_->set_input("x", filled(64, 1)).ok());
  ASSERT_TRUE(b_->set_input("x", filled(4096, 1)).ok());
  EXPECT_THAT(a_->run().message(),
              HasSubstr("input 'x' is gone: another context has used the arena since"));
  ASSERT_TRUE(b_->run().ok());  // asking cost it nothing
  ASSERT_TRUE(a_->set_input("x", filled(64, 1)).ok());
  EXPECT_THAT(b_->output("y").status().message(),
              HasSubstr("output 'y' is gone: another context has used the arena"));
  ASSERT_TRUE(a_->run().ok());
  EXPECT_THAT(output_of(*a_), Each(2));
}

TEST_F(SharedArenaTest, AnOutputThatIsGoneStaysSoWhateverIsAskedInBetween) {
  ASSERT_TRUE(a_->set_input("x", filled(64, 1)).ok());
  ASSERT_TRUE(a_->run().ok());
  ASSERT_TRUE(b_->set_input("x", filled(4096, 1)).ok());
  EXPECT_THAT(a_->run().message(), HasSubstr("input 'x' was not set")) << "the run consumed it";
  EXPECT_THAT(a_->output("y").status().message(), HasSubstr("output 'y' is gone"));
  ASSERT_TRUE(a_->set_input("x", filled(64, 1)).ok());
  EXPECT_THAT(a_->output("y").status().message(), HasSubstr("nothing has run"));
}

TEST_F(SharedArenaTest, ALeasedOutputKeepsTheTurn) {
  ASSERT_TRUE(a_->set_input("x", filled(64, 1)).ok());
  ASSERT_TRUE(a_->run().ok());
  {
    const auto y = a_->output("y");
    ASSERT_TRUE(y.ok());
    const Status refused = b_->set_input("x", filled(4096, 7));
    EXPECT_EQ(refused.code(), Status::ERROR_BUSY);
    EXPECT_THAT(refused.message(), HasSubstr("still leased"));
    EXPECT_THAT(y->as<float>(), Each(2));
  }
  EXPECT_TRUE(b_->set_input("x", filled(4096, 7)).ok());
}

TEST_F(SharedArenaTest, LivesAsLongAsItsContexts) {
  arena_.reset();
  small_.reset();
  large_.reset();
  ASSERT_TRUE(a_->set_input("x", filled(64, 1)).ok());
  a_.reset();
  ASSERT_TRUE(b_->set_input("x", filled(4096, 1)).ok());
  ASSERT_TRUE(b_->run().ok());
  EXPECT_THAT(output_of(*b_), Each(3));
}

// z = x + y. The turn may be lost between one input and the next: whoever gets to run computes the
// right thing all the same.
TEST(SharedArena, ThreadsNeverSeeEachOthersBytes) {
  constexpr int kRuns = 20000;
  constexpr std::int64_t kElements = 256;
  GraphBuilder b;
  b.output(b.op("Add", {b.input("x", {kElements}), b.input("y", {kElements})}, {}, "z"));
  EngineConfig config;
  config.caller_memory = true;
  Engine engine(config);
  ASSERT_TRUE(engine.build(b.share()).ok());
  const Engine* const engines[] = {&engine};
  const auto arena = SharedArena::create(engines).value();
  const auto work = [&](float factor, int& done) {
    const auto context = engine.create_context(arena).value();
    for (int i = 0; i < kRuns; ++i) {
      const float value = factor * static_cast<float>(i % 100 + 1);
      const Tensor x = filled(kElements, value);
      if (!context->set_input("x", x).ok() || !context->set_input("y", x).ok()) continue;
      if (!context->run().ok()) continue;
      const auto z = context->output("z");
      if (!z.ok()) continue;
      ASSERT_THAT(z->as<float>(), Each(2 * value));
      ++done;
    }
  };
  int done_a = 0, done_b = 0;
  std::thread other([&] { work(1000, done_b); });
  work(1, done_a);
  other.join();
  EXPECT_GT(done_a + done_b, 0);
}

TEST_F(SharedArenaTest, AnInputThatIsLostBetweenTwoIsMissed) {
  GraphBuilder b;
  b.output(b.op("Add", {b.input("x", {64}), b.input("y", {64})}, {}, "z"));
  EngineConfig config;
  config.caller_memory = true;
  Engine engine(config);
  ASSERT_TRUE(engine.build(b.share()).ok());
  const auto context = engine.create_context(arena_).value();
  ASSERT_TRUE(context->set_input("x", filled(64, 1)).ok());
  ASSERT_TRUE(a_->set_input("x", filled(64, 5)).ok());
  ASSERT_TRUE(context->set_input("y", filled(64, 1)).ok());
  EXPECT_THAT(context->run().message(), HasSubstr("input 'x' is gone: another context"));
  ASSERT_TRUE(context->set_input("x", filled(64, 1)).ok());
  EXPECT_TRUE(context->run().ok());
  EXPECT_THAT(context->run().message(), HasSubstr("input 'x' was not set")) << "it was consumed";
}

TEST(SharedArenaCreate, NamesTheEngineThatDoesNotFit) {
  const auto built = engine_of(64, 1);
  const Engine empty;
  const Engine* const engines[] = {built.get(), &empty};
  EXPECT_THAT(SharedArena::create(engines).status().message(), HasSubstr("engine 1 is not built"));
  EXPECT_THAT(SharedArena::create({}).status().message(), HasSubstr("no engine was given"));
}

TEST(SharedArenaCreate, AnEngineThatItWasNotMadeForIsRefused) {
  const auto small = engine_of(64, 1);
  const auto large = engine_of(4096, 1);
  const Engine* const engines[] = {small.get()};
  const auto arena = SharedArena::create(engines).value();
  EXPECT_THAT(large->create_context(arena).status().message(),
              HasSubstr("expected a shared arena of "));
  EXPECT_THAT(small->create_context(std::shared_ptr<SharedArena>()).status().message(),
              HasSubstr("no arena was given"));
  EngineConfig config;
  config.poison_memory = true;
  EXPECT_THAT(engine_of(64, 1, config)->create_context(arena).status().message(),
              HasSubstr("poison_memory needs an arena of its own"));
}

// --- Engines that run at once ---

class ParallelArenaTest : public SharedArenaTest {
 protected:
  void SetUp() override {
    small_ = engine_of(64, 2);
    large_ = engine_of(4096, 3);
    const Engine* const engines[] = {small_.get(), large_.get(), small_.get()};
    auto arena = SharedArena::create(engines, runtime::ArenaSchedule::kParallel);
    ASSERT_TRUE(arena.ok()) << arena.status().to_string();
    arena_ = *arena;
    a_ = small_->create_context(arena_).value();
    b_ = large_->create_context(arena_).value();
  }
};

TEST_F(ParallelArenaTest, IsTheSumAndNobodyTakesTurns) {
  EXPECT_EQ(arena_->size_bytes(), large_->activation_bytes() + 2 * small_->activation_bytes());
  const auto c = small_->create_context(arena_).value();
  EXPECT_NE(c->arena().data(), a_->arena().data());
  ASSERT_TRUE(a_->set_input("x", filled(64, 1)).ok());
  ASSERT_TRUE(b_->set_input("x", filled(4096, 1)).ok());
  ASSERT_TRUE(c->set_input("x", filled(64, 5)).ok());
  const std::vector<ExecutionContext*> all = {a_.get(), b_.get(), c.get()};
  std::vector<std::thread> threads;
  for (ExecutionContext* context : all) {
    threads.emplace_back([context] { EXPECT_TRUE(context->run().ok()); });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_THAT(output_of(*a_), Each(2));
  EXPECT_THAT(output_of(*b_), Each(3));
  EXPECT_THAT(output_of(*c), Each(10));
}

// Two parts for the small engine: the third context joins the first one's.
TEST_F(ParallelArenaTest, MoreContextsThanPartsTakeTurns) {
  const auto c = small_->create_context(arena_).value();
  const auto d = small_->create_context(arena_).value();
  EXPECT_EQ(d->arena().data(), a_->arena().data());
  ASSERT_TRUE(a_->set_input("x", filled(64, 1)).ok());
  ASSERT_TRUE(d->set_input("x", filled(64, 2)).ok());
  EXPECT_FALSE(a_->run().ok());  // its input was overwritten
  ASSERT_TRUE(d->run().ok());
  EXPECT_THAT(output_of(*d), Each(4));
}

TEST_F(ParallelArenaTest, IsForItsEnginesOnly) {
  const auto other = engine_of(16, 1);
  const Status status = other->create_context(arena_).status();
  EXPECT_EQ(status.code(), Status::ERROR_INVALID_ARGUMENT);
  EXPECT_THAT(status.message(), HasSubstr("the parallel arena was made for other engines"));
}

}  // namespace
}  // namespace mini_infer::test
