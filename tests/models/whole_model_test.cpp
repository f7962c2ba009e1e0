// What must hold for whole models: the committed ones always, the models of MINI_INFER_TEST_DATA
// when it is set.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>

#include "core/tensor_meter.h"
#include "mini_infer/importers/onnx.h"
#include "mini_infer/runtime/engine.h"
#include "mini_infer/runtime/memory_planner.h"
#include "support/count_allocations.h"

namespace mini_infer::test {
namespace {

using core::Shape;
using runtime::Engine;
using runtime::EngineConfig;

struct Model {
  std::string name;
  std::filesystem::path path;
  std::map<std::string, Shape> shapes;
};

std::vector<Model> models() {
  std::vector<Model> all;
  std::filesystem::path folder = MINI_INFER_SOURCE_DIR "/tests/data";
  auto add = [&](const char* name, std::map<std::string, Shape> shapes = {}) {
    all.push_back({name, folder / name / "model.onnx", std::move(shapes)});
  };
  const Shape tokens{2, 12}, cache{2, 4, 12, 8};
  add("lenet5", {{"image", {1, 1, 28, 28}}});
  add("bert_tiny", {{"input_ids", tokens}, {"attention_mask", tokens}, {"token_type_ids", tokens}});
  add("gpt2_tiny", {{"input_ids", {2, 1}},
                    {"past_key_0", cache},
                    {"past_value_0", cache},
                    {"past_key_1", cache},
                    {"past_value_1", cache}});
  add("vit_tiny", {{"input", {2, 3, 32, 32}}});
  const char* data = std::getenv("MINI_INFER_TEST_DATA");
  if (data == nullptr) return all;
  folder = std::filesystem::path(data) / "models";
  add("winml_mnist");
  add("ultraface_RFB-320");
  add("dtln_2");
  add("tv_mobilenet_v2_rand_op13", {{"input", {1, 3, 224, 224}}});
  return all;
}

std::shared_ptr<graph::Graph> import(const Model& model) {
  auto imported = importers::import_onnx(model.path, {.shapes = model.shapes});
  EXPECT_TRUE(imported.ok()) << imported.status().to_string();
  return imported.ok() ? *imported : std::make_shared<graph::Graph>();
}

template <typename T>
std::vector<std::byte> bytes_of(std::size_t count, T (*value)(std::size_t)) {
  std::vector<T> values(count);
  for (std::size_t i = 0; i < count; ++i) values[i] = value(i);
  const auto bytes = std::as_bytes(std::span(values));
  return {bytes.begin(), bytes.end()};
}

// Values that are no special case of any operator; integers that are an id, a type and a mask
// alike.
std::vector<std::byte> some_input(const runtime::TensorInfo& info) {
  const auto count = static_cast<std::size_t>(info.shape.elements());
  if (info.type == core::DataType::kInt64) {
    return bytes_of<std::int64_t>(count, [](std::size_t i) { return std::int64_t(i % 2); });
  }
  return bytes_of<float>(count, [](std::size_t i) { return static_cast<float>(i % 17) / 16.0f; });
}

std::vector<core::Tensor> run(Engine& engine) {
  for (std::size_t i = 0; i < engine.inputs().size(); ++i) {
    EXPECT_TRUE(engine.context()->set_input(i, some_input(engine.inputs()[i])).ok());
  }
  const core::Status ran = engine.context()->run();
  EXPECT_TRUE(ran.ok()) << ran.to_string();
  std::vector<core::Tensor> outputs;
  for (std::size_t i = 0; i < engine.outputs().size(); ++i) {
    outputs.push_back(engine.context()->output(i)->copy());
  }
  return outputs;
}

bool same_bits(const core::Tensor& a, const core::Tensor& b) {
  return std::equal(a.bytes().begin(), a.bytes().end(), b.bytes().begin(), b.bytes().end());
}

void expect_near(const core::Tensor& found, const core::Tensor& expected) {
  const auto a = found.as<float>();
  const auto b = expected.as<float>();
  float largest = 0;
  float difference = 0;
  for (std::size_t i = 0; i < b.size(); ++i) {
    largest = std::max(largest, std::fabs(b[i]));
    difference = std::max(difference, std::fabs(a[i] - b[i]));
  }
  EXPECT_LE(difference, 1e-4f * largest);
}

TEST(WholeModel, RunsAllocateNothingTheFirstIncluded) {
  for (const Model& model : models()) {
    SCOPED_TRACE(model.name);
    EngineConfig config;
    config.keep_inputs = true;
    Engine engine(config);
    ASSERT_TRUE(engine.build(import(model)).ok());
    for (std::size_t i = 0; i < engine.inputs().size(); ++i) {
      ASSERT_TRUE(engine.context()->set_input(i, some_input(engine.inputs()[i])).ok());
    }
    const int runs = model.name == "lenet5" ? 1000 : 3;
    const std::size_t before = allocations();
    bool ok = true;
    for (int i = 0; i < runs; ++i) ok &= engine.context()->run().ok();
    EXPECT_EQ(allocations(), before);
    EXPECT_TRUE(ok);
  }
}

// Pools from elsewhere than operator new, and how much of them is held.
class PoolAllocator final : public runtime::Allocator {
 public:
  void* allocate(std::size_t bytes, std::size_t alignment) override {
    held += bytes;
    return std::aligned_alloc(alignment, core::align_up(bytes, alignment));
  }
  void deallocate(void* memory, std::size_t bytes, std::size_t) override {
    held -= bytes;
    std::free(memory);
  }
  std::size_t held = 0;
};

TEST(WholeModel, ThePlanSaysWhatTheEngineTakes) {
  for (const Model& model : models()) {
    for (const core::Precision precision :
         {core::Precision::kFloat32, core::Precision::kBFloat16}) {
      SCOPED_TRACE(model.name + " " + core::precision_name(precision));
      EngineConfig config;
      config.precision = precision;
      const auto pools = std::make_shared<PoolAllocator>();
      config.allocator = pools;
      auto graph = import(model);
      const auto plan = Engine::plan(config, *graph);
      if (plan.status() == core::Status::ERROR_UNSUPPORTED) continue;  // 16 bits on the CPU
      ASSERT_TRUE(plan.ok()) << plan.status().to_string();
      EXPECT_EQ(pools->held, 0u) << "a plan takes nothing";

      Engine engine(config);
      const core::TensorMeter tensors;
      const std::size_t before = start_of_peak();
      ASSERT_TRUE(engine.build(std::move(graph)).ok());
      EXPECT_EQ(pools->held, plan->total_memory + plan->weights_bytes);
      EXPECT_LE(peak_bytes() - before + tensors.peak_bytes(), plan->build_bytes);
      const runtime::MemoryPlan& made = engine.memory_plan();
      EXPECT_EQ(made.plan_hash, plan->plan_hash);
      EXPECT_EQ(made.kernels_hash, plan->kernels_hash);
      EXPECT_EQ(made.weights_for, plan->weights_for);
      EXPECT_EQ(made.total_bytes(), plan->total_bytes());
    }
  }
}

TEST(WholeModel, AKindOfProcessorThatIsNotHereIsPlannedToo) {
  const auto graph = import(models().front());
  EngineConfig config;
  std::map<std::string, std::string> hashes;
  for (const auto set : {core::InstructionSet::kBaseline, core::InstructionSet::kAvx2,
                         core::InstructionSet::kAvx512}) {
    config.cpu.instruction_set = set;
    const auto plan = Engine::plan(config, *graph);
    if (plan.status() == core::Status::ERROR_UNSUPPORTED) continue;  // another architecture
    ASSERT_TRUE(plan.ok()) << plan.status().to_string();
    EXPECT_EQ(plan->weights_for, core::instruction_set_name(set));
    hashes[plan->kernels_hash] = plan->plan_hash;
  }
  for (const auto& [kernels, plan] : hashes) EXPECT_EQ(plan, hashes.begin()->second);
}

// ResNet's kind: Winograd's weights are 16/9 of the model's.
TEST(WholeModel, UnderATotalLimitWeightsArePackedSmallerOrItIsAnError) {
  const auto graph = import(models().front());
  const auto plan_within = [&](std::optional<std::size_t> limit) {
    EngineConfig config;
    config.total_limit = limit;
    return Engine::plan(config, *graph);
  };
  EngineConfig direct;
  direct.cpu.winograd = false;
  const auto most = plan_within(std::nullopt);
  const auto least = Engine::plan(direct, *graph);
  ASSERT_TRUE(most.ok() && least.ok());
  EXPECT_EQ(plan_within(most->total_bytes())->weights_bytes, most->weights_bytes);
  if (most->weights_bytes > least->weights_bytes) {
    const auto tight = plan_within(most->total_bytes() - 1);
    ASSERT_TRUE(tight.ok()) << tight.status().to_string();
    EXPECT_LT(tight->weights_bytes, most->weights_bytes);
    EXPECT_EQ(tight->plan_hash, most->plan_hash);
    EXPECT_NE(tight->kernels_hash, most->kernels_hash);
  }
  const auto refused = plan_within(least->total_bytes() - 1);
  EXPECT_EQ(refused.status(), core::Status::ERROR_OVER_BUDGET);
  EXPECT_NE(refused.status().message().find("1 more than the total limit of"), std::string::npos)
      << refused.status().message();
}

TEST(WholeModel, PlannedAndUnsharedMemoryGiveTheSameBits) {
  for (const Model& model : models()) {
    SCOPED_TRACE(model.name);
    Engine planned;
    EngineConfig config;
    config.enable_memory_planning = false;
    Engine unshared(config);
    ASSERT_TRUE(planned.build(import(model)).ok());
    ASSERT_TRUE(unshared.build(import(model)).ok());
    EXPECT_LT(planned.activation_bytes(), unshared.activation_bytes());
    const auto expected = run(unshared);
    for (int repeat = 0; repeat < 2; ++repeat) {
      const auto found = run(planned);
      ASSERT_EQ(found.size(), expected.size());
      for (std::size_t i = 0; i < found.size(); ++i) EXPECT_TRUE(same_bits(found[i], expected[i]));
    }
  }
}

void expect_same_bits(const std::vector<core::Tensor>& found,
                      const std::vector<core::Tensor>& expected) {
  ASSERT_EQ(found.size(), expected.size());
  for (std::size_t i = 0; i < found.size(); ++i) EXPECT_TRUE(same_bits(found[i], expected[i]));
}

TEST(WholeModel, ThreadsAndRepetitionChangeNoBit) {
  for (const Model& model : models()) {
    SCOPED_TRACE(model.name);
    std::vector<core::Tensor> expected;
    for (int threads : {1, 2, 4}) {
      SCOPED_TRACE(std::to_string(threads) + " threads");
      EngineConfig config;
      config.cpu.threads = threads;
      Engine engine(config);
      ASSERT_TRUE(engine.build(import(model)).ok());
      EXPECT_EQ(engine.threads(), threads);
      if (expected.empty()) expected = run(engine);
      for (int repeat = 0; repeat < 34; ++repeat) expect_same_bits(run(engine), expected);
    }
  }
}

TEST(WholeModel, EveryInstructionSetOfThisMachineAgrees) {
  using core::InstructionSet;
  for (const Model& model : models()) {
    SCOPED_TRACE(model.name);
    Engine native;
    ASSERT_TRUE(native.build(import(model)).ok());
    const auto expected = run(native);
    for (auto set : {InstructionSet::kBaseline, InstructionSet::kAvx2, InstructionSet::kAvx512}) {
      SCOPED_TRACE(core::instruction_set_name(set));
      EngineConfig config;
      config.cpu.instruction_set = set;
      Engine engine(config);
      const core::Status built = engine.build(import(model));
      if (built == core::Status::ERROR_UNSUPPORTED) continue;
      ASSERT_TRUE(built.ok()) << built.to_string();
      EXPECT_EQ(engine.memory_plan().plan_hash, native.memory_plan().plan_hash);
      const auto found = run(engine);
      for (std::size_t i = 0; i < found.size(); ++i) expect_near(found[i], expected[i]);
    }
  }
}

TEST(WholeModel, TwoBuildsGiveTheSamePlan) {
  for (const Model& model : models()) {
    SCOPED_TRACE(model.name);
    Engine first, second;
    ASSERT_TRUE(first.build(import(model)).ok());
    ASSERT_TRUE(second.build(import(model)).ok());
    EXPECT_EQ(first.memory_plan().plan_hash, second.memory_plan().plan_hash);
    EXPECT_EQ(first.memory_plan().plan_hash,
              runtime::MemoryPlanner().plan(import(model).get()).plan_hash);
  }
}

// The savings that users were promised (floors), and the arena against its bound.
TEST(WholeModel, SavesAtLeastThePromisedShare) {
  const std::map<std::string, float> floors = {{"lenet5", 0.31f},
                                               {"tv_mobilenet_v2_rand_op13", 0.60f}};
  for (const Model& model : models()) {
    SCOPED_TRACE(model.name);
    const auto plan = runtime::MemoryPlanner().plan(import(model).get());
    ASSERT_TRUE(plan.status.ok()) << plan.status.to_string();
    if (auto floor = floors.find(model.name); floor != floors.end()) {
      EXPECT_GE(plan.memory_saving_ratio, floor->second);
    }
    EXPECT_LE(static_cast<double>(plan.total_memory), 1.02 * static_cast<double>(plan.lower_bound));
  }
}

}  // namespace
}  // namespace mini_infer::test
