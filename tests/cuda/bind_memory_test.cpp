#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "mini_infer/runtime/devices.h"
#include "mini_infer/runtime/engine.h"
#include "support/graph_builder.h"

// The caller's memory on a device: overlaps are refused by address, as on the host.
namespace mini_infer::test {
namespace {

using core::Status;
using core::Tensor;
using graph::ValueId;
using runtime::Engine;
using runtime::EngineConfig;
using ::testing::HasSubstr;

constexpr std::int64_t kElements = 256;
constexpr std::size_t kBytes = kElements * sizeof(float);

// y = relu(x) + c.
std::shared_ptr<graph::Graph> model() {
  GraphBuilder b;
  const ValueId x = b.input("x", {kElements});
  const ValueId c = b.constant(
      Tensor::from<float>(core::DataType::kFloat32, {kElements}, std::vector<float>(kElements, 2)));
  b.output(b.op("Add", {b.op("Relu", {x}), c}, {}, "y"));
  return b.share();
}

class CudaBindMemory : public ::testing::Test {
 protected:
  void SetUp() override {
    EngineConfig config;
    config.device = core::Device::kCuda;
    config.stage_inputs = config.stage_outputs = false;
    engine_ = std::make_unique<Engine>(config);
    const Status built = engine_->build(model());
    ASSERT_TRUE(built.ok()) << built.to_string();
    allocator_ = runtime::device_allocator(core::Device::kCuda).value();
    memory_ = static_cast<std::byte*>(allocator_->allocate(4 * kBytes, 256));
    ASSERT_NE(memory_, nullptr);
  }
  void TearDown() override {
    engine_.reset();
    allocator_->deallocate(memory_, 4 * kBytes, 256);
  }

  std::unique_ptr<Engine> engine_;
  std::shared_ptr<runtime::Allocator> allocator_;
  std::byte* memory_ = nullptr;
};

TEST_F(CudaBindMemory, AnOutputOverAnInputIsRefused) {
  auto& context = *engine_->context();
  ASSERT_TRUE(context.bind_input("x", memory_, kBytes).ok());
  EXPECT_THAT(context.bind_output("y", memory_ + kBytes / 4, kBytes).message(),
              HasSubstr("output 'y': its bytes [0, 768) are bytes [256, 1024) of input 'x', 768 "
                        "bytes are shared"));
  EXPECT_THAT(context.run().message(), HasSubstr("output 'y' has no buffer"));
  ASSERT_TRUE(context.bind_output("y", memory_ + kBytes, kBytes).ok());
  const Status ran = context.run();
  EXPECT_TRUE(ran.ok()) << ran.to_string();
}

TEST_F(CudaBindMemory, AnOutputOverTheArenaIsRefused) {
  auto* arena = const_cast<std::byte*>(engine_->context()->arena().data());
  EXPECT_THAT(engine_->context()->bind_output("y", arena, kBytes).message(),
              HasSubstr("of the activations pool"));
}

TEST_F(CudaBindMemory, NothingIsBoundWhileARunIsEnqueued) {
  auto& context = *engine_->context();
  ASSERT_TRUE(context.bind_input("x", memory_, kBytes).ok());
  ASSERT_TRUE(context.bind_output("y", memory_ + kBytes, kBytes).ok());
  ASSERT_TRUE(context.enqueue().ok());
  const runtime::OutputBuffer elsewhere[] = {{"y", memory_ + 2 * kBytes, kBytes}};
  EXPECT_EQ(context.bind({}, elsewhere).code(), Status::ERROR_BUSY);
  ASSERT_TRUE(context.synchronize().ok());
  EXPECT_TRUE(context.bind({}, elsewhere).ok());
}

}  // namespace
}  // namespace mini_infer::test
