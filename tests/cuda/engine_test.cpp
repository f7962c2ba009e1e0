#include "mini_infer/runtime/engine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <thread>

#include "cuda/emulator.h"
#include "cuda/small_model.h"
#include "mini_infer/runtime/devices.h"
#include "mini_infer/runtime/shared_arena.h"
#include "ops/interface_hash.h"

// An engine on a CUDA device, which is emulated: its memory is the host's, its kernels are ours.
namespace mini_infer::test {
namespace {

using core::Shape;
using core::Status;
using core::Tensor;
using graph::ValueId;
using runtime::Engine;
using runtime::EngineConfig;
using runtime::ExecutionContext;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<float> run(ExecutionContext& context) {
  EXPECT_TRUE(context.set_input("x", floats({2, 3}, kInput)).ok());
  const Status ran = context.run();
  EXPECT_TRUE(ran.ok()) << ran.to_string();
  auto y = context.output("y");
  EXPECT_TRUE(y.ok()) << y.status().to_string();
  return {y->as<float>().begin(), y->as<float>().end()};
}

TEST(CudaEngine, RunsLikeTheCpuAgainAndAgain) {
  Engine engine(on_cuda());
  const Status built = engine.build(small_model());
  ASSERT_TRUE(built.ok()) << built.to_string();
  EXPECT_THAT(engine.device_name(), HasSubstr("cuda:0 ("));
  for (int i = 0; i < 3; ++i) EXPECT_EQ(run(*engine.context()), expected());
}

TEST(CudaEngine, HasThePlanOfTheCpu) {
  Engine cuda(on_cuda()), cpu;
  ASSERT_TRUE(cuda.build(small_model()).ok());
  ASSERT_TRUE(cpu.build(small_model()).ok());
  EXPECT_EQ(cuda.memory_plan().plan_hash, cpu.memory_plan().plan_hash);
  EXPECT_EQ(cuda.activation_bytes(), cpu.activation_bytes());
}

TEST(CudaEngine, StoresHalvesWhereAskedTo) {
  for (const core::Precision precision : {core::Precision::kFloat16, core::Precision::kBFloat16}) {
    EngineConfig config = on_cuda();
    config.precision = precision;
    Engine engine(config);
    ASSERT_TRUE(engine.build(small_model()).ok());
    const std::vector<float> y = run(*engine.context());
    // The numbers are exact in 16 bits; inputs and outputs are still float32.
    EXPECT_EQ(y, expected());
    EXPECT_EQ(engine.outputs().front().type, core::DataType::kFloat32);
  }
}

// Small integers, whose products are exact whoever computes them: on a GPU the libraries, too.
TEST(CudaEngine, ProductsAreTheSameWithAndWithoutTheLibraries) {
  constexpr std::int64_t kRows = 16, kDepth = 32, kColumns = 24;
  std::vector<float> x, w, y(kRows * kColumns, 0.0f);
  for (int i = 0; i < kRows * kDepth; ++i) x.push_back(static_cast<float>(i % 7 - 3));
  for (int i = 0; i < kDepth * kColumns; ++i) w.push_back(static_cast<float>(i % 5 - 2));
  for (std::size_t i = 0; i < y.size(); ++i) {
    for (std::size_t k = 0; k < kDepth; ++k) {
      y[i] += x[i / kColumns * kDepth + k] * w[k * kColumns + i % kColumns];
    }
  }
  for (const bool libraries : {true, false}) {
    GraphBuilder b;
    b.output(b.op("MatMul",
                  {b.input("x", {kRows, kDepth}), b.constant(floats({kDepth, kColumns}, w))}, {},
                  "y"));
    EngineConfig config = on_cuda();
    config.cuda.libraries = libraries;
    Engine engine(config);
    ASSERT_TRUE(engine.build(b.share()).ok());
    ASSERT_TRUE(engine.context()->set_input("x", floats({kRows, kDepth}, x)).ok());
    ASSERT_TRUE(engine.context()->run().ok());
    const auto output = engine.context()->output("y");
    EXPECT_EQ(std::vector<float>(output->as<float>().begin(), output->as<float>().end()), y);
    // What computes it is told: our own kernel where the libraries are not wanted.
    const std::string kernel = engine.memory_plan().steps.front().kernel;
    EXPECT_EQ(kernel, libraries && !is_emulated() ? "cuBLASLt" : "product, small tiles");
  }
}

TEST(CudaEngine, AllocatesOncePerPool) {
  if (!is_emulated()) GTEST_SKIP() << "needs the emulated device";
  start_device_log();
  Engine engine(on_cuda());
  ASSERT_TRUE(engine.build(small_model()).ok());
  std::vector<DeviceCall> allocations;
  for (const DeviceCall& call : take_device_log()) {
    if (call.name.find("Malloc") != std::string::npos) allocations.push_back(call);
  }
  EXPECT_THAT(names_of(allocations), ElementsAre("cudaMalloc", "cudaMalloc", "cudaMallocHost"));
  EXPECT_EQ(allocations[0].bytes, engine.weights_bytes());
  EXPECT_EQ(allocations[1].bytes, engine.activation_bytes());
}

// Whoever takes memory is counted: here the pools alone.
TEST(CudaEngine, CountsWhatAnybodyTakesOfTheDevice) {
  if (!is_emulated()) GTEST_SKIP() << "needs a device that nobody else takes memory of";
  EngineConfig config = on_cuda();
  config.cuda.watch_allocations = true;
  Engine engine(config);
  ASSERT_TRUE(engine.build(small_model()).ok());
  run(*engine.context());
  const std::size_t pools = engine.weights_bytes() + engine.activation_bytes();
  const std::vector<runtime::DeviceMemory> moments = engine.device_memory();
  ASSERT_EQ(moments.size(), 4u);
  EXPECT_EQ(moments[0].allocations, 0u);
  EXPECT_EQ(moments[1].allocated_bytes, engine.weights_bytes());
  for (const runtime::DeviceMemory& moment : {moments[2], moments[3]}) {
    EXPECT_EQ(moment.allocations, 2u) << moment.moment;
    EXPECT_EQ(moment.allocated_bytes, pools) << moment.moment;
    EXPECT_EQ(moment.process_bytes, moments[0].process_bytes + pools) << moment.moment;
  }
  const auto second = engine.create_context();
  ASSERT_TRUE(second.ok());
  EXPECT_EQ(engine.device_memory().back().allocations, 3u);
}

// Every step in memory that is poison but for its inputs, and never recorded.
TEST(CudaEngine, RunsInPoisonedMemory) {
  EngineConfig config = on_cuda();
  config.poison_memory = true;
  Engine engine(config);
  const Status built = engine.build(small_model());
  ASSERT_TRUE(built.ok()) << built.to_string();
  for (int i = 0; i < 2; ++i) EXPECT_EQ(run(*engine.context()), expected());
  if (!is_emulated()) return;
  start_device_log();
  run(*engine.context());
  const std::vector<DeviceCall> log = take_device_log();
  const std::vector<std::string> calls = names_of(log);
  EXPECT_EQ(std::count(calls.begin(), calls.end(), "cudaGraphLaunch"), 0);
  // The whole arena to the device and back for each step, and before and after them all.
  const auto whole = std::count_if(log.begin(), log.end(), [&](const DeviceCall& call) {
    return call.name == "cudaMemcpyAsync" && call.bytes == engine.activation_bytes();
  });
  EXPECT_EQ(whole, 2 * static_cast<std::ptrdiff_t>(engine.memory_plan().steps.size()) + 2);
}

TEST(CudaEngine, ATuningFileWithoutTuningIsAWrongArgument) {
  EngineConfig config = on_cuda();
  config.cuda.tuning_file = "tuning";
  EXPECT_THAT(Engine(config).build(small_model()).message(), HasSubstr("expected cuda.tune"));
}

TEST(CudaEngine, ARunReplaysOneGraphAndWaits) {
  if (!is_emulated()) GTEST_SKIP() << "needs the emulated device";
  Engine engine(on_cuda());
  ASSERT_TRUE(engine.build(small_model()).ok());
  run(*engine.context());
  start_device_log();
  run(*engine.context());
  EXPECT_THAT(names_of(take_device_log()), ElementsAre("cudaGraphLaunch", "cudaStreamSynchronize"));
}

// Profilers see steps by their names.
TEST(CudaEngine, EachStepIsARange) {
  if (!is_emulated()) GTEST_SKIP() << "needs the emulated device";
  EngineConfig config = on_cuda();
  config.enable_profiling = true;
  config.passes = std::vector<std::string>{};
  Engine engine(config);
  ASSERT_TRUE(engine.build(small_model()).ok());
  start_device_log();
  run(*engine.context());
  std::vector<std::string> ranges;
  int depth = 0;
  for (const DeviceCall& call : take_device_log()) {
    if (call.name.starts_with("nvtxRangePush ")) {
      ranges.push_back(call.name.substr(14));
      EXPECT_EQ(depth++, 0);
    } else if (call.name == "nvtxRangePop") {
      --depth;
    }
  }
  EXPECT_EQ(depth, 0);
  EXPECT_EQ(ranges.size(), engine.memory_plan().steps.size());
  EXPECT_EQ(ranges.back(), "Add " + engine.memory_plan().steps.back().name);
}

// What is copied to and from the arena goes where the plan says.
TEST(CudaEngine, StagedTensorsLieWhereThePlanSays) {
  if (!is_emulated()) GTEST_SKIP() << "needs the emulated device";
  start_device_log();
  Engine engine(on_cuda());
  ASSERT_TRUE(engine.build(small_model()).ok());
  const std::vector<DeviceCall> calls = take_device_log();
  std::uintptr_t arena = 0;
  for (const DeviceCall& call : calls) {
    if (call.name == "cudaMalloc") arena = call.address;  // the last one
  }
  const auto& placements = engine.memory_plan().pools.front().tensors;
  const auto x = std::find_if(placements.begin(), placements.end(),
                              [](const auto& placement) { return placement.name == "x"; });
  ASSERT_NE(x, placements.end());
  const auto copied = std::find_if(calls.begin(), calls.end(), [&](const DeviceCall& call) {
    return call.name == "cudaMemcpyAsync" && call.address == arena + x->offset;
  });
  ASSERT_NE(copied, calls.end());
  EXPECT_EQ(copied->bytes, kInput.size() * sizeof(float));
}

std::ptrdiff_t count_kernels(const std::vector<DeviceCall>& calls) {
  return std::count_if(calls.begin(), calls.end(), [](const DeviceCall& call) {
    return !call.name.starts_with("cuda") && !call.name.starts_with("nvtx");
  });
}

TEST(CudaEngine, MemoryOfTheCallers) {
  if (!is_emulated()) GTEST_SKIP() << "needs the emulated device";
  EngineConfig config = on_cuda();
  config.stage_inputs = false;
  config.stage_outputs = false;
  config.caller_memory = true;
  Engine engine(config);
  ASSERT_TRUE(engine.build(small_model()).ok());
  const auto allocator = runtime::device_allocator(core::Device::kCuda).value();
  auto* arena = static_cast<std::byte*>(allocator->allocate(engine.activation_bytes(), 256));
  auto* tensors = static_cast<std::byte*>(allocator->allocate(512, 256));
  {
    auto context = engine.create_context({arena, engine.activation_bytes()});
    ASSERT_TRUE(context.ok()) << context.status().to_string();
    std::memcpy(tensors, kInput.data(), 24);  // the device's memory is the host's here
    ASSERT_TRUE((*context)->bind_input("x", tensors, 24).ok());
    std::vector<std::ptrdiff_t> kernels;
    for (std::byte* y : {tensors + 256, tensors + 384, tensors + 256}) {
      std::memset(y, 0, 24);
      ASSERT_TRUE((*context)->bind_output("y", y, 24).ok());
      start_device_log();
      const Status ran = (*context)->run();
      ASSERT_TRUE(ran.ok()) << ran.to_string();
      kernels.push_back(count_kernels(take_device_log()));
      std::vector<float> values(6);
      std::memcpy(values.data(), y, 24);
      EXPECT_EQ(values, expected());
    }
    // Once for each recording: they were loaded when the context was made.
    EXPECT_THAT(kernels, ElementsAre(4, 4, 4));
    EXPECT_THAT((*context)->output("y").status().message(), HasSubstr("not staged"));
    alignas(16) float host[6] = {};
    EXPECT_THAT((*context)->bind_output("y", host, 24).message(),
                HasSubstr("'y': expected memory of cuda:0 (emulated)"));
    EXPECT_THAT((*context)->bind_output("y", nullptr, 24).message(), HasSubstr("null"));
    EXPECT_THAT((*context)->bind_output("y", tensors + 4, 24).message(), HasSubstr("aligned"));
  }
  std::vector<std::byte> host(engine.activation_bytes() + 256);
  auto* aligned = reinterpret_cast<std::byte*>(
      core::align_up(reinterpret_cast<std::uintptr_t>(host.data()), 256));
  EXPECT_THAT(engine.create_context({aligned, engine.activation_bytes()}).status().message(),
              HasSubstr("expected memory of cuda:0 (emulated)"));
  EXPECT_FALSE(engine.create_context({arena, 16}).ok());
  allocator->deallocate(arena, engine.activation_bytes(), 256);
  allocator->deallocate(tensors, 512, 256);
}

TEST(CudaEngine, ManyContextsOnManyThreads) {
  Engine engine(on_cuda());
  ASSERT_TRUE(engine.build(small_model()).ok());
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      const auto context = engine.create_context();
      ASSERT_TRUE(context.ok()) << context.status().to_string();
      for (int j = 0; j < 20; ++j) EXPECT_EQ(run(**context), expected());
    });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST(CudaEngine, ARunThatIsPendingIsLeftAlone) {
  Engine engine(on_cuda());
  ASSERT_TRUE(engine.build(small_model()).ok());
  ExecutionContext& context = *engine.context();
  ASSERT_TRUE(context.set_input("x", floats({2, 3}, kInput)).ok());
  ASSERT_TRUE(context.enqueue().ok());
  EXPECT_EQ(context.set_input("x", floats({2, 3}, kInput)).code(), Status::ERROR_BUSY);
  EXPECT_EQ(context.enqueue().code(), Status::ERROR_BUSY);
  EXPECT_EQ(context.output("y").status().code(), Status::ERROR_BUSY);
  ASSERT_TRUE(context.synchronize().ok());
  const auto y = context.output("y");
  ASSERT_TRUE(y.ok());
  EXPECT_EQ(y->as<float>()[1], 1.5f);
}

// Inputs and outputs are staged elsewhere: only runs take turns.
TEST(CudaEngine, ContextsTakeTurnsInOneArena) {
  EngineConfig config = on_cuda();
  config.caller_memory = true;
  Engine engine(config), other(config), cpu;
  ASSERT_TRUE(engine.build(small_model()).ok());
  ASSERT_TRUE(other.build(small_model()).ok());
  ASSERT_TRUE(cpu.build(small_model()).ok());
  const Engine* const engines[] = {&engine, &other};
  const auto arena = runtime::SharedArena::create(engines);
  ASSERT_TRUE(arena.ok()) << arena.status().to_string();
  EXPECT_EQ((*arena)->size_bytes(), engine.activation_bytes());
  EXPECT_THAT(cpu.create_context(*arena).status().message(), HasSubstr("given one on cuda:0"));
  const auto a = engine.create_context(*arena).value();
  const auto b = other.create_context(*arena).value();

  const Tensor x = floats({2, 3}, kInput);
  ASSERT_TRUE(a->set_input("x", x).ok());
  ASSERT_TRUE(b->set_input("x", x).ok());
  ASSERT_TRUE(a->enqueue().ok());
  ASSERT_TRUE(b->enqueue().ok());
  EXPECT_TRUE(engine.create_context(*arena).ok());
  ASSERT_TRUE(b->synchronize().ok());
  ASSERT_TRUE(a->synchronize().ok());
  for (const ExecutionContext* context : {a.get(), b.get()}) {
    const auto y = context->output("y");
    ASSERT_TRUE(y.ok()) << y.status().to_string();
    EXPECT_EQ(std::vector<float>(y->as<float>().begin(), y->as<float>().end()), expected());
  }
}

// The end of each run is marked, and the next waits for that mark before it is launched.
TEST(CudaEngine, RunsInOneArenaWaitForEachOtherOnTheDevice) {
  if (!is_emulated()) GTEST_SKIP() << "needs the emulated device";
  EngineConfig config = on_cuda();
  config.caller_memory = true;
  Engine engine(config);
  ASSERT_TRUE(engine.build(small_model()).ok());
  const Engine* const engines[] = {&engine};
  const auto arena = runtime::SharedArena::create(engines).value();
  const auto a = engine.create_context(arena).value();
  const auto b = engine.create_context(arena).value();
  const Tensor x = floats({2, 3}, kInput);
  ASSERT_TRUE(a->set_input("x", x).ok());
  ASSERT_TRUE(b->set_input("x", x).ok());
  start_device_log();
  ASSERT_TRUE(a->enqueue().ok());
  ASSERT_TRUE(b->enqueue().ok());
  std::vector<DeviceCall> marks;
  for (const DeviceCall& call : take_device_log()) {
    if (call.name.find("Event") != std::string::npos || call.name == "cudaGraphLaunch") {
      marks.push_back(call);
    }
  }
  ASSERT_THAT(names_of(marks),
              ElementsAre("cudaStreamWaitEvent", "cudaGraphLaunch", "cudaEventRecord",
                          "cudaStreamWaitEvent", "cudaGraphLaunch", "cudaEventRecord"));
  EXPECT_EQ(marks[3].address, marks[2].address);
  EXPECT_NE(marks[5].address, marks[2].address);
}

TEST(CudaEngine, TimesEveryStep) {
  EngineConfig config = on_cuda();
  config.enable_profiling = true;
  Engine engine(config);
  ASSERT_TRUE(engine.build(small_model()).ok());
  EXPECT_EQ(run(*engine.context()), expected());
  EXPECT_EQ(engine.context()->profile().size(), engine.memory_plan().steps.size());
}

// --- What goes wrong ---

TEST(CudaEngine, DataThatBreakAContractNameTheNode) {
  const auto model = [] {
    GraphBuilder b;
    const ValueId x = b.input("x", {4}, core::DataType::kInt32);
    const ValueId y = b.input("y", {4}, core::DataType::kInt32);
    b.output(b.op("Div", {x, y}, {}, "z"));
    return b.share();
  };
  Status said[2];
  for (const bool cuda : {false, true}) {
    Engine engine(cuda ? on_cuda() : EngineConfig{});
    ASSERT_TRUE(engine.build(model()).ok());
    const std::vector<std::int32_t> zeros(4, 0);
    const Tensor tensor = Tensor::from<std::int32_t>(core::DataType::kInt32, Shape{4}, zeros);
    ASSERT_TRUE(engine.context()->set_input("x", tensor).ok());
    ASSERT_TRUE(engine.context()->set_input("y", tensor).ok());
    said[cuda] = engine.context()->run();
    EXPECT_FALSE(engine.context()->output("z").ok());
  }
  EXPECT_EQ(said[1].code(), Status::ERROR_RUNTIME);
  EXPECT_THAT(said[1].message(), HasSubstr("divided by 0"));
  EXPECT_EQ(said[1].to_string(), said[0].to_string());
}

// Of several steps that met such data, the first is told, as on the CPU.
TEST(CudaEngine, TheFirstStepWithBadDataIsNamed) {
  std::string said[2];
  for (const bool cuda : {false, true}) {
    GraphBuilder b;
    const ValueId x = b.input("x", {4}, core::DataType::kInt32);
    const ValueId y = b.input("y", {4}, core::DataType::kInt32);
    b.output(b.op("Mod", {b.op("Div", {x, y}), y}, {}, "z"));
    Engine engine(cuda ? on_cuda() : EngineConfig{});
    ASSERT_TRUE(engine.build(b.share()).ok());
    const std::vector<std::int32_t> zeros(4, 0);
    const Tensor tensor = Tensor::from<std::int32_t>(core::DataType::kInt32, Shape{4}, zeros);
    ASSERT_TRUE(engine.context()->set_input("x", tensor).ok());
    ASSERT_TRUE(engine.context()->set_input("y", tensor).ok());
    said[cuda] = engine.context()->run().to_string();
  }
  EXPECT_THAT(said[0], HasSubstr("Div"));
  EXPECT_EQ(said[1], said[0]);
}

TEST(CudaEngine, AllOperatorsWithoutAKernelInOneError) {
  GraphBuilder b;
  const ValueId x = b.input("x", {4, 4}, core::DataType::kFloat64);
  b.output(b.op("Softmax", {b.op("Softmax", {x})}, {}, "y"));
  Engine engine(on_cuda());
  const Status status = engine.build(b.share());
  EXPECT_EQ(status.code(), Status::ERROR_UNSUPPORTED);
  EXPECT_THAT(status.message(), HasSubstr("Softmax_0"));
  EXPECT_THAT(status.message(), HasSubstr("Softmax_1"));
}

TEST(CudaEngine, TooLittleMemoryNamesPoolAndBytes) {
  if (!is_emulated()) GTEST_SKIP() << "needs the emulated device";
  GraphBuilder b;
  const std::int64_t extent = std::int64_t{3} << 30;  // the emulated device has 8 GiB
  b.output(b.op("Relu", {b.input("x", {extent})}, {}, "y"));
  Engine engine(on_cuda());
  const Status status = engine.build(b.share());
  EXPECT_EQ(status.code(), Status::ERROR_OUT_OF_MEMORY);
  EXPECT_THAT(status.message(), HasSubstr("pool 'activations': asked for 12884901888 bytes, "
                                          "cuda:0 (emulated) has 8589934592 free"));
}

TEST(CudaEngine, ADeviceThatIsNotThere) {
  if (!is_emulated()) GTEST_SKIP() << "needs the emulated device";
  EngineConfig config = on_cuda();
  config.cuda.device = 3;
  const Status status = Engine(config).build(small_model());
  EXPECT_EQ(status.code(), Status::ERROR_INVALID_ARGUMENT);
  EXPECT_EQ(status.message(), "there is no CUDA device 3; there are 2, counted from 0");
}

class NamedLibrary {
 public:
  explicit NamedLibrary(const char* path) : before_(std::getenv(kVariable)) {
    setenv(kVariable, path, 1);
  }
  ~NamedLibrary() { setenv(kVariable, before_.c_str(), 1); }

 private:
  static constexpr const char* kVariable = "MINI_INFER_CUDA_LIBRARY";
  std::string before_;
};

TEST(CudaEngine, ALibraryThatIsMissingIsNamed) {
  const NamedLibrary named("/nowhere/libmini_infer_cuda.so");
  const Status status = Engine(on_cuda()).build(small_model());
  EXPECT_EQ(status.code(), Status::ERROR_UNSUPPORTED);
  EXPECT_THAT(status.message(), HasSubstr("/nowhere/libmini_infer_cuda.so"));
}

TEST(CudaEngine, ABackendOfAnotherBuildIsRefusedUncalled) {
  const NamedLibrary named(OTHER_CUDA_BACKEND);
  const Status status = Engine(on_cuda()).build(small_model());
  EXPECT_EQ(status.code(), Status::ERROR_UNSUPPORTED);
  EXPECT_EQ(status.message(), "'" OTHER_CUDA_BACKEND
                              "' is of another build: its interface is 0123456789abcdef, that of "
                              "libmini_infer.so is " +
                                  std::string(ops::kInterfaceHash) +
                                  "; install both libraries of one build");
}

TEST(CudaEngine, ALibraryThatIsNoBackendIsNamed) {
  const NamedLibrary named("libm.so.6");
  const Status status = Engine(on_cuda()).build(small_model());
  EXPECT_EQ(status.code(), Status::ERROR_UNSUPPORTED);
  EXPECT_THAT(status.message(), HasSubstr("'libm.so.6' is no CUDA backend"));
}

}  // namespace
}  // namespace mini_infer::test
