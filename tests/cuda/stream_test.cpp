#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <functional>
#include <optional>

#include "cuda/emulator.h"
#include "cuda/runtime.h"
#include "cuda/small_model.h"

// Runs in streams of the caller's, beside the caller's own work. The emulated device does what lies
// in a stream as late or as early as CUDA allows (MINI_INFER_EMULATED_STREAMS): both have to be
// right.
namespace mini_infer::test {
namespace {

using runtime::Engine;
using runtime::EngineConfig;
using runtime::ExecutionContext;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::Not;

constexpr std::size_t kBytes = 24;  // of x, and of y

// An engine whose input and output are the caller's memory.
struct BoundEngine {
  explicit BoundEngine(EngineConfig config) {
    config.stage_inputs = config.stage_outputs = false;
    engine.emplace(config);
    const core::Status built = engine->build(small_model());
    EXPECT_TRUE(built.ok()) << built.to_string();
    EXPECT_TRUE(context().bind_input("x", x.get(), kBytes).ok());
    EXPECT_TRUE(context().bind_output("y", y.get(), kBytes).ok());
  }
  ExecutionContext& context() { return *engine->context(); }

  std::optional<Engine> engine;
  Memory x{Memory::Kind::kDevice, kBytes};
  Memory y{Memory::Kind::kDevice, kBytes};
};

// What the stream does before the run (writes the input, reads the output of the last turn), and
// after it (reads the output, spoils the input).
void expect_in_order(BoundEngine& bound, const std::function<core::Status()>& enqueue,
                     void* stream) {
  const std::vector<float> marks(6, 7.0f), nothing(6, -1.0f);
  const PinnedFloats input(kInput), mark(marks), before(nothing), after(nothing);
  fill(bound.x.get(), 0, kBytes, stream);
  copy(bound.y.get(), mark.get(), kBytes, stream);
  synchronize(stream);  // what follows is pending when the run is enqueued
  copy(bound.x.get(), input.get(), kBytes, stream);
  copy(before.get(), bound.y.get(), kBytes, stream);
  const core::Status enqueued = enqueue();
  ASSERT_TRUE(enqueued.ok()) << enqueued.to_string();
  copy(after.get(), bound.y.get(), kBytes, stream);
  fill(bound.x.get(), 0, kBytes, stream);
  const core::Status ran = bound.context().synchronize();
  ASSERT_TRUE(ran.ok()) << ran.to_string();
  synchronize(stream);
  EXPECT_EQ(before.values(), marks);
  EXPECT_EQ(after.values(), expected());
}

enum class Mode { kPlain, kProfiled, kPoisoned };

class CudaRunsInStreams : public testing::TestWithParam<Mode> {
 protected:
  static EngineConfig config() {
    EngineConfig config = on_cuda();
    config.enable_profiling = GetParam() == Mode::kProfiled;
    config.poison_memory = GetParam() == Mode::kPoisoned;
    return config;
  }
};

TEST_P(CudaRunsInStreams, ARunIsInTheOrderOfTheCallersStream) {
  BoundEngine bound(config());
  const Stream stream;
  for (int i = 0; i < 3; ++i) {
    SCOPED_TRACE(i);
    expect_in_order(
        bound, [&] { return bound.context().enqueue(stream.get()); }, stream.get());
  }
}

TEST_P(CudaRunsInStreams, ANullStreamIsTheDefaultStream) {
  BoundEngine bound(config());
  for (int i = 0; i < 2; ++i) {
    SCOPED_TRACE(i);
    expect_in_order(
        bound, [&] { return bound.context().enqueue(nullptr); }, nullptr);
  }
}

// A stream that is not cudaStreamNonBlocking waits for what the default stream was handed before.
TEST_P(CudaRunsInStreams, ABlockingStreamIsInOrderWithTheDefaultStream) {
  BoundEngine bound(config());
  const Stream stream(Stream::Kind::kBlocking);
  expect_in_order(
      bound, [&] { return bound.context().enqueue(stream.get()); }, nullptr);
}

TEST_P(CudaRunsInStreams, StagedTensorsInTheCallersStream) {
  Engine engine(config());
  ASSERT_TRUE(engine.build(small_model()).ok());
  ExecutionContext& context = *engine.context();
  const Stream stream;
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(context.set_input("x", floats({2, 3}, kInput)).ok());
    ASSERT_TRUE(context.enqueue(stream.get()).ok());
    ASSERT_TRUE(context.synchronize().ok());
    const auto y = context.output("y");
    ASSERT_TRUE(y.ok()) << y.status().to_string();
    EXPECT_EQ(std::vector<float>(y->as<float>().begin(), y->as<float>().end()), expected());
  }
}

TEST_P(CudaRunsInStreams, ADestroyedStreamIsNotTouched) {
  BoundEngine bound(config());
  const PinnedFloats input(kInput), output(std::vector<float>(6, 0.0f));
  Stream stream;
  copy(bound.x.get(), input.get(), kBytes, stream.get());
  ASSERT_TRUE(bound.context().enqueue(stream.get()).ok());
  stream.destroy();
  ASSERT_TRUE(bound.context().synchronize().ok());
  copy(output.get(), bound.y.get(), kBytes, nullptr);
  synchronize(nullptr);
  EXPECT_EQ(output.values(), expected());
}

TEST_P(CudaRunsInStreams, AContextGoesWhileItsRunIsPendingInADestroyedStream) {
  BoundEngine bound(config());
  const PinnedFloats input(kInput), output(std::vector<float>(6, 0.0f));
  auto second = bound.engine->create_context();
  ASSERT_TRUE(second.ok());
  ASSERT_TRUE((*second)->bind_input("x", bound.x.get(), kBytes).ok());
  ASSERT_TRUE((*second)->bind_output("y", bound.y.get(), kBytes).ok());
  Stream stream;
  copy(bound.x.get(), input.get(), kBytes, stream.get());
  ASSERT_TRUE((*second)->enqueue(stream.get()).ok());
  stream.destroy();
  second->reset();
  copy(output.get(), bound.y.get(), kBytes, nullptr);
  synchronize(nullptr);
  EXPECT_EQ(output.values(), expected());
}

TEST_P(CudaRunsInStreams, RunsInOneArenaAreInOrderAcrossStreams) {
  if (GetParam() == Mode::kPoisoned) GTEST_SKIP() << "a shared arena cannot be poisoned";
  EngineConfig shared = config();
  shared.stage_inputs = shared.stage_outputs = false;
  shared.caller_memory = true;
  Engine engine(shared);
  ASSERT_TRUE(engine.build(small_model()).ok());
  const Engine* const engines[] = {&engine};
  const auto arena = runtime::SharedArena::create(engines).value();
  const Stream streams[2];
  const Memory x(Memory::Kind::kDevice, kBytes), y(Memory::Kind::kDevice, 2 * 256);
  const PinnedFloats input(kInput), output(std::vector<float>(6, 0.0f));
  copy(x.get(), input.get(), kBytes, nullptr);
  synchronize(nullptr);
  std::unique_ptr<ExecutionContext> contexts[2];
  for (int i = 0; i < 2; ++i) {
    contexts[i] = engine.create_context(arena).value();
    auto* own = static_cast<std::byte*>(y.get()) + 256 * i;
    ASSERT_TRUE(contexts[i]->bind_input("x", x.get(), kBytes).ok());
    ASSERT_TRUE(contexts[i]->bind_output("y", own, kBytes).ok());
  }
  for (int i = 0; i < 2; ++i) ASSERT_TRUE(contexts[i]->enqueue(streams[i].get()).ok());
  for (int i = 1; i >= 0; --i) {
    ASSERT_TRUE(contexts[i]->synchronize().ok());
    copy(output.get(), static_cast<std::byte*>(y.get()) + 256 * i, kBytes, nullptr);
    synchronize(nullptr);
    EXPECT_EQ(output.values(), expected()) << i;
  }
}

INSTANTIATE_TEST_SUITE_P(Modes, CudaRunsInStreams,
                         testing::Values(Mode::kPlain, Mode::kProfiled, Mode::kPoisoned),
                         [](const auto& mode) -> std::string {
                           switch (mode.param) {
                             case Mode::kProfiled:
                               return "Profiled";
                             case Mode::kPoisoned:
                               return "Poisoned";
                             default:
                               return "Plain";
                           }
                         });

// The first one, too: kernels were loaded when the context was made.
TEST(CudaStreams, EnqueueRunsNoKernelByItselfAndDoesNotWait) {
  if (!is_emulated()) GTEST_SKIP() << "needs the emulated device";
  BoundEngine bound(on_cuda());
  const Stream stream;
  std::vector<float> y(6);
  fill(bound.y.get(), 0, kBytes, stream.get());
  synchronize(stream.get());
  start_device_log();
  ASSERT_TRUE(bound.context().enqueue(stream.get()).ok());
  const std::vector<std::string> calls = names_of(take_device_log());
  EXPECT_THAT(calls, AllOf(Contains("cudaGraphLaunch"), Not(Contains("cudaStreamSynchronize")),
                           Not(Contains("cudaEventSynchronize"))));
  if (has_lazy_streams()) {
    std::memcpy(y.data(), bound.y.get(), kBytes);  // the device's memory is the host's here
    EXPECT_EQ(y, std::vector<float>(6, 0.0f));
  }
  ASSERT_TRUE(bound.context().synchronize().ok());
}

TEST(CudaStreams, SynchronizeWaitsForTheRunAndNotForLaterWork) {
  if (!is_emulated() || !has_lazy_streams()) GTEST_SKIP() << "needs lazy streams";
  BoundEngine bound(on_cuda());
  const Stream stream;
  const PinnedFloats input(kInput);
  std::vector<float> y(6);
  copy(bound.x.get(), input.get(), kBytes, stream.get());
  ASSERT_TRUE(bound.context().enqueue(stream.get()).ok());
  fill(bound.y.get(), 0, kBytes, stream.get());
  ASSERT_TRUE(bound.context().synchronize().ok());
  std::memcpy(y.data(), bound.y.get(), kBytes);
  EXPECT_EQ(y, expected());
}

// Where the arena is too small for the caller's tensors, kernels are loaded in memory of their size
// that is given back at once.
TEST(CudaStreams, ANewContextTouchesMemoryOfItsOwnOnly) {
  if (!is_emulated()) GTEST_SKIP() << "needs the emulated device";
  GraphBuilder b;
  b.output(b.op("Relu", {b.input("x", {1024, 1024})}, {}, "y"));
  EngineConfig config = on_cuda();
  config.stage_inputs = config.stage_outputs = false;
  config.workspace_bytes = 1024;  // else the arena is empty
  Engine engine(config);
  ASSERT_TRUE(engine.build(b.share()).ok());
  const std::size_t free = engine.device_memory().back().free_bytes;
  start_device_log();
  const auto second = engine.create_context();
  ASSERT_TRUE(second.ok());
  std::vector<std::size_t> taken;
  for (const DeviceCall& call : take_device_log()) {
    if (call.name == "cudaMalloc") taken.push_back(call.bytes);
  }
  EXPECT_THAT(taken, testing::ElementsAre(engine.activation_bytes(), std::size_t{4} << 20));
  EXPECT_EQ(engine.device_memory().back().free_bytes, free - engine.activation_bytes());
}

}  // namespace
}  // namespace mini_infer::test
