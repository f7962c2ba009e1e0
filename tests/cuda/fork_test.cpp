#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <optional>

#include "cuda/emulator.h"
#include "mini_infer/runtime/devices.h"
#include "mini_infer/runtime/engine.h"
#include "mini_infer/runtime/shared_arena.h"
#include "support/graph_builder.h"

// A device does not outlive a fork: the child is told so, and may let everything go.
namespace mini_infer::test {
namespace {

using core::Status;
using runtime::Engine;

std::shared_ptr<graph::Graph> model() {
  GraphBuilder b;
  b.output(b.op("Relu", {b.input("x", {4})}, {}, "y"));
  return b.share();
}

class CudaFork : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!is_emulated()) GTEST_SKIP() << "tests before this one have opened the device";
    ASSERT_TRUE(engine_->build(model()).ok());
  }

  // Whether every check holds in a child of this process.
  template <typename Check>
  bool holds_in_child(Check check) {
    const pid_t child = fork();
    if (child == 0) _exit(check() ? 0 : 1);
    int status = -1;
    waitpid(child, &status, 0);
    return status == 0;
  }

  static runtime::EngineConfig on_cuda() {
    runtime::EngineConfig config;
    config.device = core::Device::kCuda;
    return config;
  }

  bool unsupported(const Status& status) const { return status == Status::ERROR_UNSUPPORTED; }

  std::optional<Engine> engine_ = Engine(on_cuda());
  const std::vector<std::byte> x_ = std::vector<std::byte>(16);
};

TEST_F(CudaFork, TheChildIsRefusedEveryCallThatNeedsTheDevice) {
  EXPECT_TRUE(holds_in_child([&] {
    runtime::ExecutionContext& context = *engine_->context();
    const Engine* engines[] = {&*engine_};
    return unsupported(context.set_input(0, x_)) && unsupported(context.run()) &&
           unsupported(context.enqueue()) && unsupported(context.synchronize()) &&
           unsupported(context.output(0).status()) &&
           unsupported(engine_->create_context().status()) &&
           unsupported(runtime::SharedArena::create(engines).status());
  }));
}

TEST_F(CudaFork, TheErrorSaysWhatToDo) {
  EXPECT_TRUE(holds_in_child([&] {
    const std::string message = engine_->context()->run().message();
    return message.find("built on cuda:0") != std::string::npos &&
           message.find("build the engine in the child") != std::string::npos;
  }));
}

TEST_F(CudaFork, TheChildCannotOpenTheDeviceThatItsParentHasOpened) {
  EXPECT_TRUE(holds_in_child([&] {
    Engine another(on_cuda());
    return unsupported(another.build(model())) &&
           unsupported(runtime::device_name(core::Device::kCuda).status());
  }));
}

TEST_F(CudaFork, TheChildUsesTheCpu) {
  EXPECT_TRUE(holds_in_child([&] {
    Engine engine;
    return engine.build(model()).ok() && engine.context()->set_input(0, x_).ok() &&
           engine.context()->run().ok();
  }));
}

TEST_F(CudaFork, TheChildLetsEverythingGoAndTouchesNothing) {
  std::shared_ptr<runtime::Allocator> allocator =
      runtime::device_allocator(core::Device::kCuda).value();
  EXPECT_TRUE(holds_in_child([&] {
    start_device_log();
    allocator.reset();
    engine_.reset();
    return take_device_log().empty();
  }));
  ASSERT_TRUE(engine_->context()->set_input(0, x_).ok());
  EXPECT_TRUE(engine_->context()->run().ok()) << "the parent goes on";
}

}  // namespace
}  // namespace mini_infer::test
