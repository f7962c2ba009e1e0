#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cstdlib>
#include <functional>
#include <memory>
#include <optional>
#include <thread>

#include "mini_infer/runtime/engine.h"
#include "support/graph_builder.h"

// One context, several threads: a call is alone on it or refused.
namespace mini_infer::test {
namespace {

using core::Status;
using core::Tensor;
using graph::ValueId;
using runtime::Engine;
using runtime::EngineConfig;
using runtime::ExecutionContext;
using runtime::OutputLease;
using ::testing::Each;
using ::testing::HasSubstr;

constexpr std::size_t kElements = 1 << 15;  // so that a call takes a while

// y = 3 relu(x) + x.
std::shared_ptr<graph::Graph> model() {
  GraphBuilder b;
  const ValueId x = b.input("x", {kElements});
  const ValueId three =
      b.constant(Tensor::from<float>(core::DataType::kFloat32, {}, std::vector<float>{3}));
  b.output(b.op("Add", {b.op("Mul", {b.op("Relu", {x}), three}), x}, {}, "y"));
  return b.share();
}

std::vector<float> filled(float value) { return std::vector<float>(kElements, value); }

void run_in_threads(int count, const std::function<void(int)>& body) {
  std::vector<std::thread> threads;
  for (int i = 0; i < count; ++i) threads.emplace_back([&body, i] { body(i); });
  for (std::thread& thread : threads) thread.join();
}

// While memory is poisoned, the first run takes memory: a moment inside of a run.
class CallsInside final : public runtime::Allocator {
 public:
  void* allocate(std::size_t bytes, std::size_t alignment) override {
    if (const auto call = std::exchange(inside_, nullptr)) call();
    return std::aligned_alloc(alignment, core::align_up(bytes, alignment));
  }
  void deallocate(void* memory, std::size_t, std::size_t) override { std::free(memory); }
  void call_next(std::function<void()> inside) { inside_ = std::move(inside); }

 private:
  std::function<void()> inside_;
};

TEST(ContextCall, EveryOtherCallIsRefusedAtOnceWhileARunIsUnderWay) {
  const auto allocator = std::make_shared<CallsInside>();
  EngineConfig config;
  config.allocator = allocator;
  config.poison_memory = config.enable_profiling = config.keep_inputs = true;
  Engine engine(config);
  ASSERT_TRUE(engine.build(model()).ok());
  ExecutionContext& context = *engine.context();
  const std::vector<float> x = filled(2), other = filled(7);
  ASSERT_TRUE(context.set_input(0, std::as_bytes(std::span(x))).ok());

  std::vector<Status> refused;
  std::vector<runtime::StepTime> profile;
  const auto call_everything = [&] {
    alignas(16) static std::array<float, kElements> memory{};
    refused = {context.set_input(0, std::as_bytes(std::span(other))),
               context.set_input("x", Tensor::from<float>(core::DataType::kFloat32, {kElements},
                                                          std::span<const float>(other))),
               context.bind_input(0, memory.data(), sizeof memory),
               context.bind_output(0, memory.data(), sizeof memory),
               context.bind({}, {}),
               context.run(),
               context.enqueue(),
               context.synchronize(),
               context.output(0).status(),
               context.output("y").status()};
    profile = context.profile();
  };
  allocator->call_next([&] { std::thread(call_everything).join(); });
  ASSERT_TRUE(context.run().ok());
  ASSERT_EQ(refused.size(), 10u);
  for (const Status& status : refused) {
    EXPECT_EQ(status.code(), Status::ERROR_BUSY) << status.to_string();
    EXPECT_THAT(status.message(), HasSubstr("another call on this context has not returned yet"));
    EXPECT_THAT(status.message(), HasSubstr("Engine::create_context"));
  }
  ASSERT_EQ(profile.size(), engine.memory_plan().steps.size());
  EXPECT_EQ(profile[0].total.count(), 0) << "a run that is under way is not in it";
  EXPECT_GT(context.profile()[0].total.count(), 0);
  const auto y = context.output("y");
  ASSERT_TRUE(y.ok()) << y.status().to_string();
  EXPECT_THAT(y->as<float>(), Each(8));
}

TEST(ContextCall, ACallFromInsideOfARunIsRefusedToo) {
  const auto allocator = std::make_shared<CallsInside>();
  EngineConfig config;
  config.allocator = allocator;
  config.poison_memory = true;
  Engine engine(config);
  ASSERT_TRUE(engine.build(model()).ok());
  const std::vector<float> x = filled(2);
  ASSERT_TRUE(engine.context()->set_input(0, std::as_bytes(std::span(x))).ok());
  Status inside;
  allocator->call_next([&] { inside = engine.context()->run(); });
  ASSERT_TRUE(engine.context()->run().ok());
  EXPECT_EQ(inside.code(), Status::ERROR_BUSY);
}

// Calls of several threads come one after the other or are refused: an input is never half of one
// thread's and half of another's, and no output changes while it is read.
TEST(ContextCall, ThreadsOnOneContextGetWholeAnswersOrNone) {
  EngineConfig config;
  config.keep_inputs = true;
  Engine engine(config);
  ASSERT_TRUE(engine.build(model()).ok());
  ExecutionContext& context = *engine.context();
  constexpr int kThreads = 4, kRounds = 500;
  std::atomic<int> answers = 0, wrong = 0, unexpected = 0;
  run_in_threads(kThreads, [&](int thread) {
    const std::vector<float> x = filled(static_cast<float>(thread + 1));
    // Refused, or no thread's input came first, or one came after our run.
    const auto note = [&](const Status& status) {
      const bool expected = status.ok() || status == Status::ERROR_BUSY ||
                            status.message().find("was not set") != std::string::npos ||
                            status.message().find("nothing has run") != std::string::npos;
      if (!expected) ++unexpected;
    };
    for (int round = 0; round < kRounds; ++round) {
      note(context.set_input(0, std::as_bytes(std::span(x))));
      note(context.run());
      const auto y = context.output(0);
      note(y.status());
      if (!y.ok()) continue;
      ++answers;
      const auto values = y->as<float>();
      const float first = values[0];
      const bool of_some_thread = first == 4 || first == 8 || first == 12 || first == 16;
      const auto same = [first](float value) { return value == first; };
      if (!of_some_thread || !std::all_of(values.begin(), values.end(), same)) ++wrong;
    }
  });
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(unexpected, 0);
  EXPECT_GT(answers, 0);
  // Nothing is left marked or leased.
  const std::vector<float> x = filled(1);
  ASSERT_TRUE(context.set_input(0, std::as_bytes(std::span(x))).ok());
  EXPECT_TRUE(context.run().ok());
}

// Only the last of the threads that bind, and none in the middle of a run.
TEST(ContextCall, ThreadsThatBindAndRunNeverWriteOutsideOfWhatIsBound) {
  EngineConfig config;
  config.stage_inputs = config.stage_outputs = false;
  Engine engine(config);
  ASSERT_TRUE(engine.build(model()).ok());
  ExecutionContext& context = *engine.context();
  constexpr int kThreads = 4, kRounds = 500;
  struct alignas(64) Buffers {
    std::array<float, kElements> x{}, y{};
  };
  const auto buffers = std::make_unique<std::array<Buffers, kThreads>>();
  for (int i = 0; i < kThreads; ++i) (*buffers)[i].x.fill(static_cast<float>(i + 1));
  std::atomic<int> unexpected = 0;
  run_in_threads(kThreads, [&](int thread) {
    Buffers& own = (*buffers)[thread];
    const runtime::InputBuffer in[] = {{"x", own.x.data(), sizeof own.x}};
    const runtime::OutputBuffer out[] = {{"y", own.y.data(), sizeof own.y}};
    for (int round = 0; round < kRounds; ++round) {
      for (const Status& status : {context.bind(in, out), context.run()}) {
        const bool expected = status.ok() || status == Status::ERROR_BUSY ||
                              status.message().find("was not set") != std::string::npos;
        if (!expected) ++unexpected;
      }
    }
  });
  EXPECT_EQ(unexpected, 0);
  for (int i = 0; i < kThreads; ++i) {
    const float answer = 4 * static_cast<float>(i + 1);
    const Buffers& own = (*buffers)[i];
    EXPECT_THAT(own.x, Each(static_cast<float>(i + 1)));
    EXPECT_TRUE(own.y[0] == 0 || own.y[0] == answer) << own.y[0];
    EXPECT_THAT(own.y, Each(own.y[0])) << "whole, or never run";
  }
}

TEST(ContextCall, AnyThreadMayLetGoOfALease) {
  Engine engine;
  ASSERT_TRUE(engine.build(model()).ok());
  ExecutionContext& context = *engine.context();
  const std::vector<float> x = filled(1);
  for (int round = 0; round < 200; ++round) {
    ASSERT_TRUE(context.set_input(0, std::as_bytes(std::span(x))).ok());
    ASSERT_TRUE(context.run().ok()) << round;
    std::vector<OutputLease> leases;
    for (int i = 0; i < 4; ++i) {
      auto lease = context.output(0);
      ASSERT_TRUE(lease.ok());
      leases.push_back(std::move(lease).value());
    }
    ASSERT_EQ(context.run().code(), Status::ERROR_BUSY);
    run_in_threads(4, [&](int thread) {
      const OutputLease own = std::move(leases[static_cast<std::size_t>(thread)]);
      EXPECT_EQ(own.as<float>()[0], 4);
    });
  }
}

TEST(ContextCall, AProfileMayBeReadWhileAnotherThreadRuns) {
  EngineConfig config;
  config.enable_profiling = config.keep_inputs = true;
  Engine engine(config);
  ASSERT_TRUE(engine.build(model()).ok());
  ExecutionContext& context = *engine.context();
  const std::vector<float> x = filled(1);
  ASSERT_TRUE(context.set_input(0, std::as_bytes(std::span(x))).ok());
  std::atomic<bool> ended = false;
  std::thread reader([&] {
    std::chrono::nanoseconds before{0};
    while (!ended) {
      const auto profile = context.profile();
      EXPECT_EQ(profile.size(), engine.memory_plan().steps.size());
      EXPECT_GE(profile[0].total, before);
      before = profile[0].total;
    }
  });
  for (int run = 0; run < 1000; ++run) EXPECT_TRUE(context.run().ok());
  ended = true;
  reader.join();
}

}  // namespace
}  // namespace mini_infer::test
