#include "mini_infer/runtime/devices.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cuda/emulator.h"
#include "cuda/runtime.h"
#include "cuda/small_model.h"

// More than one device, of which the emulator has two.
namespace mini_infer::test {
namespace {

using core::Status;
using runtime::Engine;
using runtime::EngineConfig;
using ::testing::HasSubstr;

class TwoDevices : public testing::Test {
 protected:
  void SetUp() override {
    if (!runtime::device_name(core::Device::kCuda, 1).ok()) GTEST_SKIP() << "needs two devices";
  }
  void TearDown() override { set_current_device(0); }

  static EngineConfig on(int device) {
    EngineConfig config = on_cuda();
    config.cuda.device = device;
    return config;
  }
  // Memory of that device.
  static std::unique_ptr<Memory> memory_of(int device, std::size_t bytes) {
    set_current_device(device);
    return std::make_unique<Memory>(Memory::Kind::kDevice, bytes);
  }
};

std::vector<float> run(runtime::ExecutionContext& context) {
  EXPECT_TRUE(context.set_input("x", floats({2, 3}, kInput)).ok());
  const Status ran = context.run();
  EXPECT_TRUE(ran.ok()) << ran.to_string();
  const auto y = context.output("y");
  if (!y.ok()) return {};
  return {y->as<float>().begin(), y->as<float>().end()};
}

TEST_F(TwoDevices, EachRunsItsOwnEngineFromAnyThread) {
  Engine first(on(0)), second(on(1));
  for (int current : {0, 1}) {
    set_current_device(current);
    ASSERT_TRUE(first.build(small_model()).ok());
    ASSERT_TRUE(second.build(small_model()).ok());
    EXPECT_EQ(run(*first.context()), expected());
    EXPECT_EQ(run(*second.context()), expected());
  }
  EXPECT_THAT(second.device_name(), HasSubstr("cuda:1 ("));
}

TEST_F(TwoDevices, PoolsAreOfTheEnginesDevice) {
  Engine first(on(0)), second(on(1));
  ASSERT_TRUE(first.build(small_model()).ok());
  const std::size_t free = first.device_memory().back().free_bytes;
  ASSERT_TRUE(second.build(small_model()).ok());
  EXPECT_EQ(first.device_memory().back().free_bytes, free);
  const std::size_t before = second.device_memory().front().free_bytes;
  EXPECT_EQ(second.device_memory().back().free_bytes,
            before - second.weights_bytes() - second.activation_bytes());
}

TEST_F(TwoDevices, MemoryOfTheOtherOneIsRefused) {
  EngineConfig config = on(0);
  config.stage_inputs = config.stage_outputs = false;
  Engine engine(config);
  ASSERT_TRUE(engine.build(small_model()).ok());
  const auto other = memory_of(1, 4096), own = memory_of(0, 4096);
  const std::string said = "expected memory of " + engine.device_name() + ", was given memory of " +
                           runtime::device_name(core::Device::kCuda, 1).value();
  EXPECT_THAT(engine.context()->bind_input("x", other->get(), 24).message(),
              HasSubstr("'x': " + said));
  EXPECT_THAT(engine.context()->bind_output("y", other->get(), 24).message(),
              HasSubstr("'y': " + said));
  EXPECT_TRUE(engine.context()->bind_input("x", own->get(), 24).ok());
  const auto arena = engine.create_context({static_cast<std::byte*>(other->get()), 4096});
  EXPECT_EQ(arena.status().code(), Status::ERROR_INVALID_ARGUMENT);
  EXPECT_THAT(arena.status().message(), HasSubstr(said));
}

// Whatever is called: a program goes on with the device that it had.
TEST_F(TwoDevices, TheCallersCurrentDeviceStaysAsItWas) {
  for (const int current : {0, 1}) {
    EngineConfig config = on(1 - current);
    config.stage_outputs = false;
    const auto y = memory_of(1 - current, 24);
    set_current_device(current);
    {
      Engine engine(config);
      ASSERT_TRUE(engine.build(small_model()).ok());
      EXPECT_EQ(current_device(), current) << "build";
      const auto context = engine.create_context();
      EXPECT_EQ(current_device(), current) << "create_context";
      ASSERT_TRUE((*context)->bind_output("y", y->get(), 24).ok());
      EXPECT_EQ(current_device(), current) << "bind_output";
      ASSERT_TRUE((*context)->set_input("x", floats({2, 3}, kInput)).ok());
      ASSERT_TRUE((*context)->enqueue().ok());
      EXPECT_EQ(current_device(), current) << "enqueue";
      ASSERT_TRUE((*context)->synchronize().ok());
      EXPECT_EQ(current_device(), current) << "synchronize";
      EXPECT_FALSE(engine.device_memory().empty());
      EXPECT_EQ(current_device(), current) << "device_memory";
    }
    EXPECT_EQ(current_device(), current) << "destructors";
    EXPECT_TRUE(runtime::device_name(core::Device::kCuda, 1 - current).ok());
    EXPECT_TRUE(runtime::device_properties(1 - current).ok());
    EXPECT_EQ(current_device(), current) << "devices.h";
  }
}

// As where the library was compiled for other GPUs only.
TEST_F(TwoDevices, ADeviceThatThereIsNoCodeForIsNotOpened) {
  if (!is_emulated()) GTEST_SKIP() << "needs the emulated device";
  const DeviceWithoutCode without(1);
  EXPECT_TRUE(Engine(on(0)).build(small_model()).ok());
  const Status built = Engine(on(1)).build(small_model());
  EXPECT_EQ(built.code(), Status::ERROR_UNSUPPORTED);
  EXPECT_THAT(built.message(), HasSubstr("has no code for cuda:1 (emulated)"));
  EXPECT_THAT(built.message(), HasSubstr("-DCMAKE_CUDA_ARCHITECTURES=90"));
}

}  // namespace
}  // namespace mini_infer::test
