// Random graphs on a CUDA device (emulated, where there is none) in the plan that the CPU has too.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "mini_infer/runtime/engine.h"
#include "support/random_graph.h"

namespace mini_infer::test {
namespace {

using runtime::Engine;
using runtime::EngineConfig;

struct Run {
  std::vector<core::Tensor> outputs;
  std::string plan_hash;
  std::size_t rows_apart = 0;  // tensors whose rows do not lie side by side
};

Run run(const EngineConfig& config, const RandomGraph& random) {
  Run made;
  Engine engine(config);
  const core::Status built = engine.build(random.graph);
  EXPECT_TRUE(built.ok()) << built.to_string();
  if (!built.ok()) return made;
  for (std::size_t i = 0; i < random.inputs.size(); ++i) {
    EXPECT_TRUE(engine.context()->set_input(i, random.inputs[i].bytes()).ok());
  }
  const core::Status ran = engine.context()->run();
  EXPECT_TRUE(ran.ok()) << ran.to_string();
  for (std::size_t i = 0; i < engine.outputs().size(); ++i) {
    made.outputs.push_back(engine.context()->output(i).value().copy());
  }
  made.plan_hash = engine.memory_plan().plan_hash;
  for (const auto& tensor : engine.memory_plan().pools.front().tensors) {
    made.rows_apart += static_cast<std::size_t>(
        std::count_if(tensor.windows.begin(), tensor.windows.end(),
                      [](const auto& window) { return window.pitch_bytes != 0; }));
  }
  return made;
}

// The largest difference, over the largest number.
double difference(const core::Tensor& a, const core::Tensor& b) {
  double worst = 0, largest = 1e-30;
  for (std::size_t i = 0; i < a.as<float>().size(); ++i) {
    const double x = static_cast<double>(a.as<float>()[i]);
    const double y = static_cast<double>(b.as<float>()[i]);
    if (x == y || (std::isnan(x) && std::isnan(y))) continue;
    if (std::isnan(x - y)) return std::numeric_limits<double>::infinity();
    worst = std::max(worst, std::abs(x - y));
    largest = std::max(largest, std::abs(x));
  }
  return worst / largest;
}

void expect_same(core::Precision precision, double tolerance) {
  std::size_t rows_apart = 0;
  for (std::uint32_t seed = 0; seed < 400; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const RandomGraph random = random_graph(seed);
    EngineConfig config;
    config.memory_alignment = std::size_t{16} << (seed % 5);
    const Run cpu = run(config, random);
    config.device = core::Device::kCuda;
    config.precision = precision;
    const Run cuda = run(config, random);
    ASSERT_EQ(cuda.outputs.size(), cpu.outputs.size());
    if (precision == core::Precision::kFloat32) {
      ASSERT_EQ(cuda.plan_hash, cpu.plan_hash);
    }
    for (std::size_t i = 0; i < cpu.outputs.size(); ++i) {
      ASSERT_LE(difference(cpu.outputs[i], cuda.outputs[i]), tolerance) << "output " << i << "\n"
                                                                        << random.graph->to_text();
    }
    rows_apart += cuda.rows_apart;
  }
  EXPECT_GE(rows_apart, 20u);
}

TEST(CudaRandomGraphs, InTheCpusPlan) { expect_same(core::Precision::kFloat32, 1e-4); }
TEST(CudaRandomGraphs, InFloat16) { expect_same(core::Precision::kFloat16, 3e-2); }

}  // namespace
}  // namespace mini_infer::test
