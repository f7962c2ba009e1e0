#include "mini_infer/runtime/engine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <thread>

#include "core/usable_processors.h"
#include "support/count_allocations.h"
#include "support/graph_builder.h"

namespace mini_infer::test {
namespace {

using core::Shape;
using core::Status;
using core::Tensor;
using graph::ValueId;
using runtime::Allocator;
using runtime::Engine;
using runtime::EngineConfig;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

Tensor floats(Shape shape, const std::vector<float>& values) {
  return Tensor::from<float>(core::DataType::kFloat32, std::move(shape), values);
}

// y = relu(x) + x, over [batch, 4].
std::shared_ptr<graph::Graph> small_model(std::int64_t batch = 1) {
  GraphBuilder b;
  const ValueId x = b.input("x", {batch, 4});
  b.output(b.op("Add", {b.op("Relu", {x}), x}, {}, "y"));
  return b.share();
}

const std::vector<float> kInput = {-1, 0, 1, 2};

std::vector<float> run_once(Engine& engine) {
  EXPECT_TRUE(engine.context()->set_input("x", floats({1, 4}, kInput)).ok());
  const Status ran = engine.context()->run();
  EXPECT_TRUE(ran.ok()) << ran.to_string();
  auto y = engine.context()->output("y");
  EXPECT_TRUE(y.ok()) << y.status().to_string();
  const auto values = y->as<float>();
  return {values.begin(), values.end()};
}

TEST(Engine, RunsAModel) {
  Engine engine;
  const Status built = engine.build(small_model());
  ASSERT_TRUE(built.ok()) << built.to_string();
  EXPECT_THAT(run_once(engine), ElementsAre(-1, 0, 2, 4));
  EXPECT_THAT(run_once(engine), ElementsAre(-1, 0, 2, 4));
}

TEST(Engine, DoesNotChangeTheCallersGraph) {
  const auto model = small_model();
  const std::string before = model->to_text();
  Engine engine;
  ASSERT_TRUE(engine.build(model).ok());
  EXPECT_EQ(model->to_text(), before);
}

TEST(Engine, PlannedBytesAreTheBytesAllocatedOncePerPool) {
  class Counting final : public Allocator {
   public:
    void* allocate(std::size_t bytes, std::size_t alignment) override {
      calls.push_back(bytes);
      return std::aligned_alloc(alignment, core::align_up(bytes, alignment));
    }
    void deallocate(void* memory, std::size_t, std::size_t) override { std::free(memory); }
    std::vector<std::size_t> calls;
  };
  auto counting = std::make_shared<Counting>();
  GraphBuilder b;
  const ValueId x = b.input("x", {1, 4});
  b.output(b.op("Add", {x, b.constant(floats({4}, {1, 2, 3, 4}))}, {}, "y"));
  EngineConfig config;
  config.allocator = counting;
  Engine engine(config);
  ASSERT_TRUE(engine.build(b.share()).ok());
  EXPECT_THAT(counting->calls, ElementsAre(engine.weights_bytes(), engine.activation_bytes()));
  run_once(engine);
  EXPECT_EQ(counting->calls.size(), 2u);
}

TEST(Engine, AFailedSecondPoolFreesTheFirst) {
  class FailsSecond final : public Allocator {
   public:
    void* allocate(std::size_t bytes, std::size_t alignment) override {
      if (++calls == 2) return nullptr;
      held += bytes;
      return std::aligned_alloc(alignment, core::align_up(bytes, alignment));
    }
    void deallocate(void* memory, std::size_t bytes, std::size_t) override {
      held -= bytes;
      std::free(memory);
    }
    int calls = 0;
    std::size_t held = 0;
  };
  auto failing = std::make_shared<FailsSecond>();
  GraphBuilder b;
  const ValueId x = b.input("x", {1, 4});
  b.output(b.op("Add", {x, b.constant(floats({4}, {1, 2, 3, 4}))}, {}, "y"));
  EngineConfig config;
  config.allocator = failing;
  Engine engine(config);
  const Status status = engine.build(b.share());
  EXPECT_EQ(status.code(), Status::ERROR_OUT_OF_MEMORY);
  EXPECT_THAT(status.message(), HasSubstr("'activations'"));
  EXPECT_EQ(failing->held, 0u);
  EXPECT_EQ(engine.context(), nullptr);
  EXPECT_TRUE(engine.build(b.share()).ok()) << "the engine can be built again";
}

TEST(Engine, ThreadsThatCannotBeAreRefused) {
  for (int threads : {-1, 1025}) {
    EngineConfig config;
    config.cpu.threads = threads;
    Engine engine(config);
    const Status status = engine.build(small_model());
    EXPECT_EQ(status.code(), Status::ERROR_INVALID_ARGUMENT);
    EXPECT_THAT(status.message(), HasSubstr("cpu.threads: expected 0 to 1024"));
  }
}

TEST(Engine, AProcessorThatCannotBeIsRefused) {
  const int first = core::usable_processors().front();
  for (int processor : {-3, 900, 5000}) {
    EngineConfig config;
    config.cpu.processors = {first, processor};
    const Status status = Engine(config).build(small_model());
    EXPECT_EQ(status.code(), Status::ERROR_INVALID_ARGUMENT);
    EXPECT_THAT(status.message(),
                HasSubstr("cpu.processors: there is no processor " + std::to_string(processor) +
                          " that this process may use; there are " + std::to_string(first)));
  }
  EngineConfig config;
  config.cpu.processors = {first};
  EXPECT_TRUE(Engine(config).build(small_model()).ok());
}

TEST(Engine, ContextsOnSeveralThreadsShareOnePool) {
  EngineConfig config;
  config.cpu.threads = 3;
  Engine engine(config);
  ASSERT_TRUE(engine.build(small_model()).ok());
  const Tensor x = floats({1, 4}, kInput);
  ASSERT_TRUE(engine.context()->set_input(0, x.bytes()).ok());
  ASSERT_TRUE(engine.context()->run().ok());
  const Tensor expected = engine.context()->output(0)->copy();
  std::vector<std::thread> callers;
  std::atomic<int> wrong{0};
  for (int i = 0; i < 4; ++i) {
    callers.emplace_back([&] {
      auto context = engine.create_context();
      for (int run = 0; run < 200 && context.ok(); ++run) {
        ASSERT_TRUE((*context)->set_input(0, x.bytes()).ok());
        ASSERT_TRUE((*context)->run().ok());
        const auto bytes = (*context)->output(0)->bytes();
        if (!std::equal(bytes.begin(), bytes.end(), expected.bytes().begin())) ++wrong;
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(wrong, 0);
}

TEST(Engine, TwentyEnginesHaveTheThreadsOfOne) {
  const auto threads = [] {
    const std::filesystem::directory_iterator tasks("/proc/self/task");
    return std::distance(begin(tasks), end(tasks));
  };
  EngineConfig config;
  config.cpu.threads = 9;
  Engine first(config);
  ASSERT_TRUE(first.build(small_model()).ok());
  const auto before = threads();
  std::vector<Engine> engines;
  for (int i = 0; i < 20; ++i) {
    engines.emplace_back(config);
    ASSERT_TRUE(engines.back().build(small_model()).ok());
    EXPECT_EQ(engines.back().threads(), 9);
    EXPECT_EQ(engines.back().threads_decided_by(), "cpu.threads");
  }
  EXPECT_LE(threads(), before);
}

TEST(Engine, TheEnvironmentSaysHowManyThreads) {
  setenv("MINI_INFER_THREADS", "5", 1);
  Engine five;
  EXPECT_TRUE(five.build(small_model()).ok());
  setenv("MINI_INFER_THREADS", "many", 1);
  Engine none;
  const Status status = none.build(small_model());
  unsetenv("MINI_INFER_THREADS");
  EXPECT_EQ(five.threads(), 5);
  EXPECT_EQ(five.threads_decided_by(), "MINI_INFER_THREADS");
  EXPECT_EQ(status.code(), Status::ERROR_INVALID_ARGUMENT);
  EXPECT_THAT(status.message(), HasSubstr("MINI_INFER_THREADS: expected a number"));
}

TEST(Engine, AThousandRunsAllocateNothingTheFirstIncluded) {
  Engine engine;
  ASSERT_TRUE(engine.build(small_model()).ok());
  const Tensor x = floats({1, 4}, kInput);
  const std::size_t before = allocations();
  bool ok = true;
  for (int i = 0; i < 1000; ++i) {
    ok &= engine.context()->set_input(0, x.bytes()).ok();
    ok &= engine.context()->run().ok();
    ok &= engine.context()->output(0).ok();
  }
  EXPECT_EQ(allocations(), before);
  EXPECT_TRUE(ok);
}

TEST(Engine, RefusesInputsThatAreNotAsPlanned) {
  Engine engine;
  ASSERT_TRUE(engine.build(small_model()).ok());
  auto* context = engine.context();
  EXPECT_THAT(context->set_input("z", floats({1, 4}, kInput)).message(),
              HasSubstr("no input 'z'; there are 'x'"));
  EXPECT_THAT(context->set_input("x", floats({4}, kInput)).message(),
              HasSubstr("planned for float32[1,4], was given float32[4]"));
  EXPECT_THAT(context->set_input("x", floats({2, 4}, std::vector<float>(8))).message(),
              HasSubstr("was given float32[2,4]"));
  const std::vector<float> two_rows(8);
  EXPECT_THAT(context->set_input(0, std::as_bytes(std::span(two_rows))).message(),
              HasSubstr("of 16 bytes, was given 32"));
  const Tensor ints = Tensor::from<std::int32_t>(core::DataType::kInt32, {1, 4},
                                                 std::vector<std::int32_t>{1, 2, 3, 4});
  EXPECT_THAT(context->set_input("x", ints).message(),
              HasSubstr("was given int32[1,4]; convert it to float32"));
  EXPECT_THAT(context->set_input("x", ints).message(), Not(HasSubstr("build an engine")));
  EXPECT_THAT(context->set_input("x", floats({4}, kInput)).message(),
              HasSubstr("was given float32[4]; build an engine for that shape"));
  EXPECT_THAT(context->set_input(0, {static_cast<const std::byte*>(nullptr), 16}).message(),
              HasSubstr("input 'x' is float32[1,4] of 16 bytes, was given null"));
}

TEST(Engine, ARunConsumesStagedInputsUnlessTheyAreKept) {
  Engine consuming;
  ASSERT_TRUE(consuming.build(small_model()).ok());
  run_once(consuming);
  EXPECT_THAT(consuming.context()->run().message(), HasSubstr("input 'x' was not set"));

  EngineConfig config;
  config.keep_inputs = true;
  Engine keeping(config);
  ASSERT_TRUE(keeping.build(small_model()).ok());
  run_once(keeping);
  EXPECT_TRUE(keeping.context()->run().ok());
  EXPECT_THAT(keeping.context()->output("y")->as<float>(), ElementsAre(-1, 0, 2, 4));
}

TEST(Engine, RefusesToRunWhileAnOutputIsHeld) {
  Engine engine;
  ASSERT_TRUE(engine.build(small_model()).ok());
  run_once(engine);
  {
    auto held = engine.context()->output("y");
    ASSERT_TRUE(held.ok());
    EXPECT_EQ(engine.context()->run().code(), Status::ERROR_BUSY);
    EXPECT_EQ(engine.context()->set_input("x", floats({1, 4}, kInput)).code(), Status::ERROR_BUSY);
    EXPECT_THAT(held->as<float>(), ElementsAre(-1, 0, 2, 4));
  }
  EXPECT_THAT(run_once(engine), ElementsAre(-1, 0, 2, 4));
}

TEST(Engine, OutputsCannotBeReadBeforeARun) {
  Engine engine;
  ASSERT_TRUE(engine.build(small_model()).ok());
  EXPECT_THAT(engine.context()->output("y").status().message(), HasSubstr("nothing has run"));
}

TEST(Engine, RunsInTheCallersMemory) {
  EngineConfig config;
  config.caller_memory = true;
  Engine engine(config);
  ASSERT_TRUE(engine.build(small_model()).ok());
  EXPECT_EQ(engine.context(), nullptr);
  const Tensor memory =
      Tensor::allocate(core::DataType::kUInt8,
                       {static_cast<std::int64_t>(engine.activation_bytes()) + 256})
          .value();
  auto* start = const_cast<std::byte*>(memory.bytes().data());
  start += (256 - reinterpret_cast<std::uintptr_t>(start) % 256) % 256;
  const std::size_t bytes = engine.activation_bytes();
  const std::string expected = "expected " + std::to_string(bytes) + " bytes aligned to 256, ";
  const auto refused = [&](std::byte* at, std::size_t size) {
    const Status status = engine.create_context({at, size}).status();
    EXPECT_EQ(status.code(), Status::ERROR_INVALID_ARGUMENT);
    return status.message();
  };
  EXPECT_THAT(refused(start, bytes - 1),
              HasSubstr(expected + "was given " + std::to_string(bytes - 1) + " bytes"));
  EXPECT_THAT(refused(start + 16, bytes),
              HasSubstr(expected + "was given an address that is 16 bytes past a multiple of 256"));
  EXPECT_THAT(refused(nullptr, bytes), HasSubstr(expected + "was given null"));
  auto context = engine.create_context({start, engine.activation_bytes()});
  ASSERT_TRUE(context.ok()) << context.status().to_string();
  ASSERT_TRUE((*context)->set_input("x", floats({1, 4}, kInput)).ok());
  ASSERT_TRUE((*context)->run().ok());
  EXPECT_THAT((*context)->output("y")->as<float>(), ElementsAre(-1, 0, 2, 4));
}

TEST(Engine, BoundBuffersAreReadAndWrittenDirectlyAndTakeNoBytes) {
  EngineConfig config;
  config.stage_inputs = config.stage_outputs = false;
  Engine engine(config);
  ASSERT_TRUE(engine.build(small_model()).ok());
  Engine staged;
  ASSERT_TRUE(staged.build(small_model()).ok());
  EXPECT_LT(engine.activation_bytes(), staged.activation_bytes());
  auto* context = engine.context();
  alignas(16) float x[4] = {-1, 0, 1, 2};
  alignas(16) float y[5] = {};
  EXPECT_THAT(context->run().message(), HasSubstr("input 'x' was not set"));
  ASSERT_TRUE(context->bind_input("x", x, sizeof x).ok());
  EXPECT_THAT(context->run().message(), HasSubstr("output 'y' has no buffer"));
  EXPECT_THAT(context->bind_output("y", y, 12).message(), HasSubstr("of 16 bytes, was given 12"));
  EXPECT_THAT(context->bind_output("y", y + 1, 16).message(), HasSubstr("aligned to 16"));
  ASSERT_TRUE(context->bind_output("y", y, 16).ok());
  ASSERT_TRUE(context->run().ok());
  EXPECT_THAT(y, ElementsAre(-1, 0, 2, 4, 0));
  EXPECT_THAT(x, ElementsAre(-1, 0, 1, 2));
}

TEST(Engine, ContextsRunAtTheSameTime) {
  Engine engine;
  ASSERT_TRUE(engine.build(small_model()).ok());
  std::vector<std::thread> threads;
  std::atomic<int> right{0};
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&engine, &right, t] {
      auto context = engine.create_context().value();
      const float seed = static_cast<float>(t);
      for (int i = 0; i < 200; ++i) {
        if (!context->set_input("x", floats({1, 4}, {seed, 1, 2, 3})).ok()) return;
        if (!context->run().ok()) return;
        if (context->output("y")->as<float>()[0] != 2 * seed) return;
      }
      ++right;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(right, 4);
}

TEST(Engine, AContextOutlivesItsEngine) {
  std::unique_ptr<runtime::ExecutionContext> context;
  {
    Engine engine;
    ASSERT_TRUE(engine.build(small_model()).ok());
    context = engine.create_context().value();
  }
  ASSERT_TRUE(context->set_input("x", floats({1, 4}, kInput)).ok());
  EXPECT_TRUE(context->run().ok());
}

TEST(Engine, ProfilingTimesEveryStep) {
  EngineConfig config;
  config.enable_profiling = true;
  Engine engine(config);
  ASSERT_TRUE(engine.build(small_model()).ok());
  run_once(engine);
  const auto profile = engine.context()->profile();
  ASSERT_EQ(profile.size(), engine.memory_plan().steps.size());
  EXPECT_EQ(profile[0].op, "Relu");
  EXPECT_GT(profile[0].total.count(), 0);
}

TEST(Engine, AnInputThatIsAnOutputAndAConstantOutputHaveBytesOfTheirOwn) {
  GraphBuilder b;
  const ValueId x = b.input("x", {1, 4});
  b.output(x);
  b.output(b.constant(floats({2}, {5, 6})));
  b.output(x);
  Engine engine;
  const Status built = engine.build(b.share());
  ASSERT_TRUE(built.ok()) << built.to_string();
  ASSERT_TRUE(engine.context()->set_input("x", floats({1, 4}, kInput)).ok());
  ASSERT_TRUE(engine.context()->run().ok());
  EXPECT_THAT(engine.context()->output(0)->as<float>(), ElementsAre(-1, 0, 1, 2));
  EXPECT_THAT(engine.context()->output(1)->as<float>(), ElementsAre(5, 6));
  EXPECT_THAT(engine.context()->output(2)->as<float>(), ElementsAre(-1, 0, 1, 2));
}

TEST(Engine, DataThatBreaksAnOperatorIsAnErrorThatNamesTheNode) {
  GraphBuilder b;
  const ValueId data = b.input("data", {4});
  const ValueId indices = b.input("indices", {1}, core::DataType::kInt64);
  b.output(b.op("Gather", {data, indices}, {}, "y"));
  Engine engine;
  ASSERT_TRUE(engine.build(b.share()).ok());
  ASSERT_TRUE(engine.context()->set_input("data", floats({4}, kInput)).ok());
  const std::vector<std::int64_t> index = {4};
  ASSERT_TRUE(engine.context()->set_input(1, std::as_bytes(std::span(index))).ok());
  const Status status = engine.context()->run();
  EXPECT_EQ(status.code(), Status::ERROR_RUNTIME);
  EXPECT_THAT(status.message(), HasSubstr("Gather 'Gather_0'"));
  EXPECT_FALSE(engine.context()->output("y").ok());
}

TEST(Engine, AnInputThatDecidesShapesMustKeepItsValue) {
  GraphBuilder b;
  const ValueId x = b.input("x", {1, 4});
  const ValueId shape = b.input("shape", {2}, core::DataType::kInt64);
  b.output(b.op("Reshape", {x, shape}, {}, "y"));
  Engine engine;
  EXPECT_THAT(engine.build(b.share()).message(),
              HasSubstr("'shape' must be known before planning"));
  const std::vector<std::int64_t> value = {2, 2};
  ASSERT_TRUE(
      graph::bind_input_value(b.graph(), "shape",
                              Tensor::from<std::int64_t>(core::DataType::kInt64, {2}, value))
          .ok());
  const Status built = engine.build(b.share());
  ASSERT_TRUE(built.ok()) << built.to_string();
  EXPECT_EQ(engine.outputs()[0].shape, (Shape{2, 2}));
  const std::vector<std::int64_t> other = {4, 1};
  EXPECT_THAT(engine.context()->set_input(1, std::as_bytes(std::span(other))).message(),
              HasSubstr("built for another value"));
  EXPECT_TRUE(engine.context()->set_input(1, std::as_bytes(std::span(value))).ok());
}

TEST(Engine, BuildErrorsSayWhatToDo) {
  Engine engine;
  EXPECT_EQ(engine.build(nullptr).code(), Status::ERROR_INVALID_ARGUMENT);
  const auto model = small_model();
  model->value(model->inputs[0]).shape.reset();
  model->value(model->inputs[0]).declared = {{-1, "batch"}, {4, ""}};
  EXPECT_THAT(engine.build(model).message(), HasSubstr("'x' [batch,4]"));
  for (std::size_t alignment :
       {std::size_t{0}, std::size_t{8}, std::size_t{48}, std::size_t{512}}) {
    EngineConfig config;
    config.memory_alignment = alignment;
    EXPECT_THAT(Engine(config).build(small_model()).message(),
                HasSubstr("power of two from 16 to 256"));
  }
}

// A few bytes of file may ask for terabytes: an error that names the node, not a killed process.
TEST(Engine, AConstantThatFitsNowhereIsAnError) {
  GraphBuilder b;
  b.output(b.op("ConstantOfShape", {b.int64s({1000000, 1000000})}));
  Engine engine;
  const Status status = engine.build(b.share());
  EXPECT_EQ(status.code(), Status::ERROR_OUT_OF_MEMORY);
  EXPECT_THAT(status.message(), HasSubstr("ConstantOfShape 'ConstantOfShape_0'"));
}

TEST(Engine, ACycleIsNamed) {
  const auto model = small_model();
  model->node(0).inputs = {model->node(1).outputs[0]};
  Engine engine;
  const Status status = engine.build(model);
  EXPECT_EQ(status.code(), Status::ERROR_INVALID_MODEL);
  EXPECT_THAT(status.message(), HasSubstr("Relu 'Relu_0'"));
  EXPECT_THAT(status.message(), HasSubstr("Add 'Add_1'"));
}

}  // namespace
}  // namespace mini_infer::test
