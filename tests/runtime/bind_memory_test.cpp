#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cstdlib>

#include "mini_infer/runtime/engine.h"
#include "support/count_allocations.h"
#include "support/graph_builder.h"

// The caller's memory, as inputs and outputs of a context.
namespace mini_infer::test {
namespace {

using core::Shape;
using core::Status;
using core::Tensor;
using graph::ValueId;
using runtime::Engine;
using runtime::EngineConfig;
using runtime::ExecutionContext;
using runtime::InputBuffer;
using runtime::OutputBuffer;
using runtime::SharedArena;
using ::testing::Each;
using ::testing::HasSubstr;

constexpr std::size_t kElements = 1024;
constexpr std::size_t kBytes = kElements * sizeof(float);

EngineConfig unstaged() {
  EngineConfig config;
  config.stage_inputs = config.stage_outputs = false;
  return config;
}

// sum = 2 a + b, and difference = a - b.
std::shared_ptr<graph::Graph> two_by_two() {
  GraphBuilder b;
  const ValueId a = b.input("a", {kElements});
  const ValueId other = b.input("b", {kElements});
  const ValueId weight = b.constant(
      Tensor::from<float>(core::DataType::kFloat32, {kElements}, std::vector<float>(kElements, 2)));
  b.output(b.op("Add", {b.op("Mul", {a, weight}), other}, {}, "sum"));
  b.output(b.op("Sub", {a, other}, {}, "difference"));
  return b.share();
}

class BindMemory : public ::testing::Test {
 protected:
  void SetUp() override {
    const Status built = engine_.build(two_by_two());
    ASSERT_TRUE(built.ok()) << built.to_string();
    context_ = engine_.context();
  }

  float* buffer(std::size_t i) { return buffers_.data() + i * kElements; }
  void fill(std::size_t i, float value) { std::fill_n(buffer(i), kElements, value); }
  std::span<const float> values(std::size_t i) { return {buffer(i), kElements}; }

  // a, b, sum and difference in the first four buffers.
  void bind_all() {
    ASSERT_TRUE(context_->bind_input("a", buffer(0), kBytes).ok());
    ASSERT_TRUE(context_->bind_input("b", buffer(1), kBytes).ok());
    ASSERT_TRUE(context_->bind_output("sum", buffer(2), kBytes).ok());
    ASSERT_TRUE(context_->bind_output("difference", buffer(3), kBytes).ok());
  }

  alignas(64) std::array<float, 6 * kElements> buffers_{};
  Engine engine_{unstaged()};
  ExecutionContext* context_ = nullptr;
};

TEST_F(BindMemory, AnOutputOverAnInputIsRefused) {
  bind_all();
  const Status whole = context_->bind_output("sum", buffer(0), kBytes);
  EXPECT_EQ(whole.code(), Status::ERROR_INVALID_ARGUMENT);
  EXPECT_THAT(whole.message(), HasSubstr("output 'sum': its bytes [0, 4096) are bytes [0, 4096) of "
                                         "input 'a', 4096 bytes are shared"));
  EXPECT_THAT(context_->bind_output("sum", buffer(4) - kElements / 2, kBytes).message(),
              HasSubstr("output 'sum': its bytes [0, 2048) are bytes [2048, 4096) of output "
                        "'difference', 2048 bytes are shared"));
  EXPECT_THAT(context_->bind_input("b", buffer(2) + 4, kBytes).message(),
              HasSubstr("input 'b': its bytes [0, 4080) are bytes [16, 4096) of output 'sum'"));
}

TEST_F(BindMemory, ARefusedBindingLeavesTheFormerOne) {
  bind_all();
  fill(0, 5);
  fill(1, 3);
  ASSERT_FALSE(context_->bind_output("sum", buffer(1) + 4, kBytes).ok());
  ASSERT_FALSE(context_->bind_input("a", buffer(3), kBytes).ok());
  ASSERT_TRUE(context_->run().ok());
  EXPECT_THAT(values(0), Each(5));
  EXPECT_THAT(values(1), Each(3));
  EXPECT_THAT(values(2), Each(13));
  EXPECT_THAT(values(3), Each(2));
}

TEST_F(BindMemory, InputsMayBeTheSameBytes) {
  bind_all();
  fill(0, 5);
  ASSERT_TRUE(context_->bind_input("b", buffer(0), kBytes).ok());
  ASSERT_TRUE(context_->run().ok());
  EXPECT_THAT(values(2), Each(15));
  EXPECT_THAT(values(3), Each(0));
}

TEST_F(BindMemory, OneTensorAfterAnotherMayMoveToWhereNothingIsBoundAnyMore) {
  bind_all();
  EXPECT_FALSE(context_->bind_input("a", buffer(2), kBytes).ok());
  EXPECT_TRUE(context_->bind_output("sum", buffer(4), kBytes).ok());
  EXPECT_TRUE(context_->bind_input("a", buffer(2), kBytes).ok());
  EXPECT_TRUE(context_->bind_output("sum", buffer(0), kBytes).ok());
}

TEST_F(BindMemory, BuffersChangePlacesInOneCall) {
  bind_all();
  fill(0, 5);
  fill(1, 3);
  std::size_t a = 0, sum = 2;
  for (float expected : {13.0f, 29.0f, 61.0f}) {
    ASSERT_TRUE(context_->run().ok());
    EXPECT_THAT(values(sum), Each(expected));
    std::swap(a, sum);
    const InputBuffer past[] = {{"a", buffer(a), kBytes}};
    const OutputBuffer present[] = {{"sum", buffer(sum), kBytes}};
    const std::size_t before = allocations();
    const Status bound = context_->bind(past, present);
    EXPECT_EQ(allocations(), before);
    ASSERT_TRUE(bound.ok()) << bound.to_string();
  }
}

TEST_F(BindMemory, OfSeveralBindingsAllAreMadeOrNone) {
  bind_all();
  fill(0, 5);
  fill(1, 3);
  fill(4, 100);
  const InputBuffer inputs[] = {{"a", buffer(4), kBytes}};
  const OutputBuffer outputs[] = {{"sum", buffer(3), kBytes}};
  EXPECT_THAT(context_->bind(inputs, outputs).message(),
              HasSubstr("output 'sum': its bytes [0, 4096) are bytes [0, 4096) of output "
                        "'difference'"));
  const OutputBuffer unknown[] = {{"product", buffer(5), kBytes}};
  EXPECT_THAT(context_->bind(inputs, unknown).message(), HasSubstr("there is no output 'product'"));
  const InputBuffer twice[] = {{"a", buffer(4), kBytes}, {"a", buffer(5), kBytes}};
  EXPECT_THAT(context_->bind(twice, {}).message(), HasSubstr("'a' is named twice"));
  ASSERT_TRUE(context_->run().ok());
  EXPECT_THAT(values(2), Each(13));
}

TEST_F(BindMemory, ThePoolsOfTheContextAreNobodyElses) {
  bind_all();
  auto* arena = const_cast<std::byte*>(context_->arena().data());
  ASSERT_GE(context_->arena().size(), kBytes);
  EXPECT_THAT(context_->bind_output("sum", arena, kBytes).message(),
              HasSubstr("of the activations pool, 4096 bytes"));
  EXPECT_THAT(context_->bind_input("a", arena + context_->arena().size() - 16, kBytes).message(),
              HasSubstr("of the activations pool, 16 bytes"));
}

TEST_F(BindMemory, WeightsAreNoPlaceForTensors) {
  class Remembering final : public runtime::Allocator {
   public:
    void* allocate(std::size_t bytes, std::size_t alignment) override {
      blocks.push_back(std::aligned_alloc(alignment, core::align_up(bytes, alignment)));
      return blocks.back();
    }
    void deallocate(void* memory, std::size_t, std::size_t) override { std::free(memory); }
    std::vector<void*> blocks;  // the weights first
  };
  const auto allocator = std::make_shared<Remembering>();
  EngineConfig config = unstaged();
  config.allocator = allocator;
  Engine engine(config);
  ASSERT_TRUE(engine.build(two_by_two()).ok());
  ASSERT_GE(engine.weights_bytes(), kBytes);
  EXPECT_THAT(engine.context()->bind_output("sum", allocator->blocks[0], kBytes).message(),
              HasSubstr("are bytes [0, 4096) of the weights pool"));
}

TEST_F(BindMemory, MemoryThatTheCallerBroughtIsAPoolToo) {
  const std::size_t bytes = engine_.activation_bytes();
  std::vector<std::byte> memory(bytes + kBytes + 512);
  auto* start = reinterpret_cast<std::byte*>(
      core::align_up(reinterpret_cast<std::uintptr_t>(memory.data()), 256));
  const auto context = engine_.create_context({start, bytes + kBytes + 256}).value();
  EXPECT_THAT(context->bind_output("sum", start + bytes - 64, kBytes).message(),
              HasSubstr("output 'sum': its bytes [0, 64) are bytes"));
  EXPECT_TRUE(context->bind_output("sum", start + bytes, kBytes).ok()) << "behind what it uses";
}

TEST_F(BindMemory, AllOfASharedArenaIsAPool) {
  const Engine* const engines[] = {&engine_, &engine_};
  const auto arena = SharedArena::create(engines, runtime::ArenaSchedule::kParallel).value();
  const auto first = engine_.create_context(arena).value();
  const auto second = engine_.create_context(arena).value();
  ASSERT_NE(first->arena().data(), second->arena().data());
  auto* others = const_cast<std::byte*>(second->arena().data());
  EXPECT_THAT(first->bind_output("sum", others, kBytes).message(),
              HasSubstr("of the shared arena"));
  EXPECT_THAT(first->bind_input("a", others, kBytes).message(), HasSubstr("of the shared arena"));
}

TEST_F(BindMemory, ABufferThatWasBoundAfterTheRunIsNoOutputOfIt) {
  bind_all();
  ASSERT_TRUE(context_->run().ok());
  EXPECT_TRUE(context_->output("sum").ok());
  ASSERT_TRUE(context_->bind_output("sum", buffer(4), kBytes).ok());
  EXPECT_THAT(context_->output("sum").status().message(), HasSubstr("nothing has run"));
}

TEST(BindMemoryOfNothing, TensorsWithoutElementsOverlapWithNothing) {
  GraphBuilder b;
  const ValueId none = b.input("none", {0});
  const ValueId x = b.input("x", {4});
  b.output(b.op("Relu", {none}, {}, "empty"));
  b.output(b.op("Relu", {x}, {}, "y"));
  Engine engine(unstaged());
  ASSERT_TRUE(engine.build(b.share()).ok());
  alignas(16) float memory[8] = {-1, 0, 1, 2};
  ASSERT_TRUE(engine.context()->bind_input("x", memory, 16).ok());
  ASSERT_TRUE(engine.context()->bind_output("y", memory + 4, 16).ok());
  EXPECT_TRUE(engine.context()->bind_input("none", memory + 4, 0).ok());
  EXPECT_TRUE(engine.context()->bind_output("empty", memory, 0).ok());
  EXPECT_TRUE(engine.context()->bind_output("empty", nullptr, 0).ok());
  ASSERT_TRUE(engine.context()->run().ok());
  EXPECT_EQ(memory[7], 2);
}

}  // namespace
}  // namespace mini_infer::test
