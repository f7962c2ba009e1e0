#pragma once

#include <algorithm>
#include <memory>
#include <vector>

#include "mini_infer/runtime/engine.h"
#include "support/graph_builder.h"

// A model of four steps, and what it gives.
namespace mini_infer::test {

inline core::Tensor floats(core::Shape shape, const std::vector<float>& values) {
  return core::Tensor::from<float>(core::DataType::kFloat32, std::move(shape), values);
}

inline runtime::EngineConfig on_cuda() {
  runtime::EngineConfig config;
  config.device = core::Device::kCuda;
  return config;
}

inline const std::vector<float> kInput = {-1, 0, 1, 2, 3, -4};

// y = 1.5 x + relu(x) + c.
inline std::shared_ptr<graph::Graph> small_model() {
  GraphBuilder b;
  const graph::ValueId x = b.input("x", {2, 3});
  const graph::ValueId scaled = b.op("Mul", {x, b.constant(floats({}, {1.5f}))});
  const graph::ValueId sum = b.op("Add", {scaled, b.op("Relu", {x})});
  b.output(b.op("Add", {sum, b.constant(floats({2, 1}, {1.5f, -1.5f}))}, {}, "y"));
  return b.share();
}

inline std::vector<float> expected() {
  std::vector<float> y;
  for (std::size_t i = 0; i < kInput.size(); ++i) {
    const float x = kInput[i];
    y.push_back(1.5f * x + std::max(x, 0.0f) + (i < 3 ? 1.5f : -1.5f));
  }
  return y;
}

}  // namespace mini_infer::test
