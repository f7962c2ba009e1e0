#include "runtime/products.h"

#include "support/graph_builder.h"

namespace mini_infer::test {
namespace {

using core::Shape;
using core::Tensor;

constexpr std::int64_t kRows = 96, kDepth = 80, kColumns = 512;

// Numbers that no product of them is exact.
std::vector<float> numbers(std::int64_t count, float scale) {
  std::vector<float> values;
  for (std::int64_t i = 0; i < count; ++i) {
    values.push_back(scale * static_cast<float>(i * 37 % 101 - 50) / 7);
  }
  return values;
}

Tensor floats(const Shape& shape, float scale) {
  return Tensor::from<float>(core::DataType::kFloat32, shape, numbers(shape.elements(), scale));
}

const Tensor& input() {
  static const Tensor tensor = floats({kRows, kDepth}, 0.03f);
  return tensor;
}

}  // namespace

std::shared_ptr<graph::Graph> products_model() {
  GraphBuilder b;
  const auto x = b.input("x", {kRows, kDepth});
  const auto product = b.op("MatMul", {x, b.constant(floats({kDepth, kColumns}, 0.02f))});
  const auto likely = b.op("Softmax", {product});
  const auto folded =
      b.op("Mul", {b.constant(floats({kColumns}, 1e-20f)), b.constant(floats({kColumns}, 1e-19f))});
  const auto tiny = b.op("Mul", {product, folded});  // denormal, all of them
  const auto seen = b.op("Mul", {tiny, b.constant(floats({1}, 1e36f))});
  b.output(b.op("Add", {likely, seen}, {}, "y"));
  return b.share();
}

runtime::EngineConfig with_threads(int threads) {
  runtime::EngineConfig config;
  config.cpu.threads = threads;
  return config;
}

std::vector<float> outputs_of(runtime::ExecutionContext& context) {
  if (!context.set_input(0, input().bytes()).ok() || !context.run().ok()) return {};
  const auto output = context.output(0);
  if (!output.ok()) return {};
  const auto values = output->as<float>();
  return {values.begin(), values.end()};
}

}  // namespace mini_infer::test
