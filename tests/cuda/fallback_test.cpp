#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "cuda/emulator.h"
#include "mini_infer/runtime/engine.h"
#include "support/graph_builder.h"

// Steps that CUDA has no kernel for, on the CPU.
namespace mini_infer::test {
namespace {

using core::DataType;
using core::Shape;
using core::Status;
using core::Tensor;
using graph::ValueId;
using runtime::Engine;
using runtime::EngineConfig;
using runtime::ExecutionContext;
using ::testing::HasSubstr;

Tensor ramp(const Shape& shape) {
  std::vector<float> values;
  for (std::int64_t i = 0; i < shape.elements(); ++i) {
    values.push_back(static_cast<float>(i % 17) - 8.0f);
  }
  return Tensor::from<float>(DataType::kFloat32, shape, values);
}

template <typename T>
Tensor tensor(DataType type, Shape shape, std::vector<T> values) {
  return Tensor::from<T>(type, std::move(shape), values);
}

EngineConfig on_cuda(bool fallback) {
  EngineConfig config;
  config.device = core::Device::kCuda;
  config.cuda.cpu_fallback = fallback;
  return config;
}

// Ten axes, of which no two can be merged once they are turned round.
const Shape kManyAxes({2, 2, 2, 2, 2, 2, 2, 2, 2, 4});

GraphBuilder::Attributes turned_round() {
  return {{"perm", std::vector<std::int64_t>{8, 7, 6, 5, 4, 3, 2, 1, 0, 9}}};
}

// y = relu(transpose(x)) beside x, along the last axis.
std::shared_ptr<graph::Graph> with_transpose() {
  GraphBuilder b;
  const ValueId x = b.op("Neg", {b.input("x", kManyAxes)});
  const ValueId turned = b.op("Transpose", {x}, turned_round());
  const ValueId both = b.ops("Concat", {turned, x}, 1, {{"axis", std::int64_t{-1}}})[0];
  b.output(b.op("Relu", {both}, {}, "y"));
  return b.share();
}

const runtime::PlanStep& step_of(const Engine& engine, const std::string& op) {
  const auto& steps = engine.memory_plan().steps;
  const auto found =
      std::find_if(steps.begin(), steps.end(), [&](const auto& step) { return step.op == op; });
  EXPECT_NE(found, steps.end()) << op;
  return *found;
}

std::vector<float> run(ExecutionContext& context, const Tensor& x) {
  EXPECT_TRUE(context.set_input("x", x).ok());
  const Status ran = context.run();
  EXPECT_TRUE(ran.ok()) << ran.to_string();
  auto y = context.output("y");
  if (!y.ok()) return {};
  return {y->as<float>().begin(), y->as<float>().end()};
}

std::vector<float> on_the_cpu(const std::shared_ptr<graph::Graph>& model, const Tensor& x) {
  Engine engine;
  EXPECT_TRUE(engine.build(model).ok());
  return run(*engine.context(), x);
}

TEST(Fallback, IsOnlyTakenWhereItIsAskedFor) {
  Engine engine(on_cuda(false));
  const Status built = engine.build(with_transpose());
  EXPECT_EQ(built, Status::ERROR_UNSUPPORTED);
  EXPECT_THAT(built.message(), HasSubstr("Transpose"));
  EXPECT_THAT(built.message(), HasSubstr("cuda.cpu_fallback"));
}

TEST(Fallback, ComputesWhatTheCpuComputesAgainAndAgain) {
  Engine engine(on_cuda(true));
  const Status built = engine.build(with_transpose());
  ASSERT_TRUE(built.ok()) << built.to_string();
  const auto second = engine.create_context();
  ASSERT_TRUE(second.ok());
  for (int i = 0; i < 3; ++i) {
    const Tensor x = ramp(kManyAxes);
    EXPECT_EQ(run(*engine.context(), x), on_the_cpu(with_transpose(), x));
    EXPECT_EQ(run(**second, x), on_the_cpu(with_transpose(), x));
  }
}

TEST(Fallback, ThePlanSaysWhatIsCopied) {
  Engine engine(on_cuda(true)), cpu;
  ASSERT_TRUE(engine.build(with_transpose()).ok());
  ASSERT_TRUE(cpu.build(with_transpose()).ok());
  const runtime::MemoryPlan& plan = engine.memory_plan();
  EXPECT_EQ(plan.plan_hash, cpu.memory_plan().plan_hash);
  EXPECT_NE(plan.kernels_hash, cpu.memory_plan().kernels_hash);
  const runtime::PlanStep& transpose = step_of(engine, "Transpose");
  EXPECT_TRUE(transpose.on_cpu);
  EXPECT_EQ(transpose.kernel, "CPU");
  // 512 rows of 16 bytes come. Where its rows lie among those of the Concat, 32 bytes apart, what
  // is between them goes to the host and back with them.
  ASSERT_EQ(plan.windows.size(), 1u);
  constexpr std::size_t kSpan = 511 * 32 + 16;
  EXPECT_EQ(transpose.copied_bytes, 512 * 16 + 2 * kSpan);
  EXPECT_GE(plan.fallback_bytes, 512 * 16 + kSpan);
  EXPECT_FALSE(step_of(engine, "Relu").on_cpu);
}

TEST(Fallback, WithoutWindowsNothingElseIsCopied) {
  EngineConfig config = on_cuda(true);
  config.windows = {.slice = false, .split = false, .concat = false};
  Engine engine(config);
  ASSERT_TRUE(engine.build(with_transpose()).ok());
  EXPECT_EQ(step_of(engine, "Transpose").copied_bytes, 2 * 512 * 16u);
  const Tensor x = ramp(kManyAxes);
  EXPECT_EQ(run(*engine.context(), x), on_the_cpu(with_transpose(), x));
}

TEST(Fallback, ARunIsStillOneGraph) {
  if (!is_emulated()) GTEST_SKIP() << "needs the emulated device";
  Engine engine(on_cuda(true));
  ASSERT_TRUE(engine.build(with_transpose()).ok());
  run(*engine.context(), ramp(kManyAxes));
  start_device_log();
  run(*engine.context(), ramp(kManyAxes));
  EXPECT_THAT(names_of(take_device_log()),
              ::testing::ElementsAre("cudaGraphLaunch", "cudaStreamSynchronize"));
}

// More inputs than a kernel of CUDA takes, every other one a constant.
std::shared_ptr<graph::Graph> with_many_inputs() {
  constexpr int kInputs = 40;
  GraphBuilder b;
  const ValueId x = b.op("Relu", {b.input("x", {3, 5})});
  std::vector<ValueId> inputs;
  for (int i = 0; i < kInputs; ++i) {
    const auto value = static_cast<float>(i);
    const Tensor row = tensor<float>(DataType::kFloat32, {5}, {value, 1, 2, -value, 0.5f * value});
    inputs.push_back(i % 2 == 0 ? x : b.constant(row));
  }
  b.output(b.op("Sum", inputs, {}, "y"));
  return b.share();
}

TEST(Fallback, ConstantsAreTheHostsAlone) {
  Engine engine(on_cuda(true));
  const Status built = engine.build(with_many_inputs());
  ASSERT_TRUE(built.ok()) << built.to_string();
  EXPECT_TRUE(step_of(engine, "Sum").on_cpu);
  EXPECT_EQ(engine.weights_bytes(), 0u);
  EXPECT_GE(engine.memory_plan().fallback_weights_bytes, 20 * 5 * sizeof(float));
  const Tensor x = ramp({3, 5});
  EXPECT_EQ(run(*engine.context(), x), on_the_cpu(with_many_inputs(), x));
}

// Indices that name ten axes, the last of them outside.
std::shared_ptr<graph::Graph> with_scatter(std::int64_t last) {
  GraphBuilder b;
  const ValueId x = b.op("Neg", {b.input("x", kManyAxes)});
  const ValueId index = b.constant(
      tensor<std::int64_t>(DataType::kInt64, {1, 10}, {0, 1, 0, 1, 0, 1, 0, 1, 0, last}));
  const ValueId update = b.constant(tensor<float>(DataType::kFloat32, {1}, {100}));
  b.output(b.op("ScatterND", {x, index, update}, {}, "y"));
  return b.share();
}

TEST(Fallback, BadDataAreTheErrorOfTheCpu) {
  Engine engine(on_cuda(true)), cpu;
  const Status built = engine.build(with_scatter(4));
  ASSERT_TRUE(built.ok()) << built.to_string();
  ASSERT_TRUE(cpu.build(with_scatter(4)).ok());
  EXPECT_TRUE(step_of(engine, "ScatterND").on_cpu);
  for (Engine* one : {&engine, &cpu}) {
    ASSERT_TRUE(one->context()->set_input("x", ramp(kManyAxes)).ok());
  }
  const Status on_cuda = engine.context()->run();
  const Status expected = cpu.context()->run();
  EXPECT_FALSE(expected.ok());
  EXPECT_EQ(on_cuda.to_string(), expected.to_string());
}

TEST(Fallback, GoodDataAfterIt) {
  Engine engine(on_cuda(true));
  ASSERT_TRUE(engine.build(with_scatter(3)).ok());
  const Tensor x = ramp(kManyAxes);
  EXPECT_EQ(run(*engine.context(), x), on_the_cpu(with_scatter(3), x));
}

TEST(Fallback, ProfilesNameIt) {
  EngineConfig config = on_cuda(true);
  config.enable_profiling = true;
  Engine engine(config);
  ASSERT_TRUE(engine.build(with_transpose()).ok());
  if (is_emulated()) start_device_log();
  run(*engine.context(), ramp(kManyAxes));
  if (is_emulated()) {
    EXPECT_THAT(
        names_of(take_device_log()),
        ::testing::Contains("nvtxRangePush Transpose " + step_of(engine, "Transpose").name));
  }
  bool named = false;
  for (const runtime::StepTime& step : engine.context()->profile()) {
    named = named || (step.op == "Transpose" && step.kernel == "CPU");
  }
  EXPECT_TRUE(named);
}

}  // namespace
}  // namespace mini_infer::test
