#include "ops/op_case.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "core/try.h"
#include "cpu/evaluator.h"
#include "ops/cuda_case.h"
#include "ops/every_type.h"
#include "ops/infer.h"
#include "ops/op_def.h"

namespace mini_infer::test {
namespace {

using core::DataType;
using core::Shape;
using core::Tensor;

template <typename T>
Tensor tensor_of(DataType type, Shape shape, const std::vector<T>& values) {
  EXPECT_EQ(shape.elements(), static_cast<std::int64_t>(values.size()));
  return Tensor::from<T>(type, std::move(shape), values);
}

void expect_floats_near(const Tensor& actual, const Tensor& expected) {
  const auto a = actual.as<float>();
  const auto e = expected.as<float>();
  for (std::size_t i = 0; i < e.size(); ++i) {
    if (std::isnan(e[i])) {
      EXPECT_TRUE(std::isnan(a[i])) << "element " << i << " is " << a[i];
    } else if (std::isinf(e[i])) {
      EXPECT_EQ(a[i], e[i]) << "element " << i;
    } else {
      EXPECT_NEAR(a[i], e[i], 1e-7f + 1e-3f * std::fabs(e[i])) << "element " << i;
    }
  }
}

void expect_equal(const Tensor& actual, const Tensor& expected) {
  ASSERT_EQ(actual.type(), expected.type());
  ASSERT_EQ(actual.shape(), expected.shape())
      << actual.shape().to_string() << " but expected " << expected.shape().to_string();
  if (expected.type() == DataType::kFloat32) {
    expect_floats_near(actual, expected);
  } else {
    EXPECT_THAT(actual.bytes(), ::testing::ElementsAreArray(expected.bytes()));
  }
}

// A device says that an index is outside, but not which.
std::string without_index(std::string complaint) {
  constexpr std::string_view kIndex = " index ";
  const std::size_t at = complaint.find(kIndex);
  if (at == std::string::npos) return complaint;
  const std::size_t number = at + kIndex.size();
  const std::size_t end = complaint.find_first_not_of("-0123456789", number);
  if (end == number) return complaint;
  return complaint.substr(0, at) + " an index" + complaint.substr(end);
}

}  // namespace

Tensor floats(Shape shape, std::vector<float> values) {
  return tensor_of(DataType::kFloat32, std::move(shape), values);
}
Tensor int64s(Shape shape, std::vector<std::int64_t> values) {
  return tensor_of(DataType::kInt64, std::move(shape), values);
}
Tensor int32s(Shape shape, std::vector<std::int32_t> values) {
  return tensor_of(DataType::kInt32, std::move(shape), values);
}
Tensor bools(Shape shape, std::vector<bool> values) {
  return tensor_of(DataType::kBool, std::move(shape),
                   std::vector<std::uint8_t>(values.begin(), values.end()));
}
Tensor ramp(Shape shape, float scale, float start) {
  std::vector<float> values(static_cast<std::size_t>(shape.elements()));
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = start + scale * static_cast<float>(i);
  return floats(std::move(shape), values);
}

graph::Graph graph_of(const OpCase& test_case) {
  graph::Graph graph;
  graph::Node node{.name = "case",
                   .op = test_case.op,
                   .domain = test_case.domain,
                   .opset = test_case.opset,
                   .inputs = {},
                   .outputs = {},
                   .attributes = test_case.attributes};
  const ops::OpDef* def = ops::find(node);
  for (std::size_t slot = 0; slot < test_case.inputs.size(); ++slot) {
    const Tensor& tensor = test_case.inputs[slot];
    if (!tensor.defined()) {
      node.inputs.push_back(graph::kNoValue);
      continue;
    }
    const std::string name = "input_" + std::to_string(slot);
    const bool by_value = def != nullptr && ((def->value_inputs >> slot) & 1u) != 0;
    if (by_value || std::ranges::count(test_case.constants, slot) > 0) {
      node.inputs.push_back(graph.add_constant(name, tensor));
      continue;
    }
    graph::Value value;
    value.name = name;
    value.type = tensor.type();
    value.shape = tensor.shape();
    node.inputs.push_back(graph.add_value(value));
    graph.inputs.push_back(node.inputs.back());
  }
  for (int slot = 0; slot < test_case.outputs; ++slot) {
    graph::Value value;
    value.name = "output_" + std::to_string(slot);
    node.outputs.push_back(graph.add_value(value));
    graph.outputs.push_back(node.outputs.back());
  }
  graph.add_node(std::move(node));
  return graph;
}

core::Result<std::vector<Tensor>> run(const OpCase& test_case) {
  graph::Graph graph = graph_of(test_case);
  // Inference first sees shapes only, as it does when planning; then the values.
  MI_TRY(ops::infer(graph, cpu::evaluate));
  for (std::size_t slot = 0; slot < test_case.inputs.size(); ++slot) {
    const graph::ValueId input = graph.node(0).inputs[slot];
    if (input != graph::kNoValue) graph.value(input).constant = test_case.inputs[slot];
  }
  return cpu::evaluate(graph, 0);
}

void expect_output(const OpCase& test_case, const Tensor& expected) {
  SCOPED_TRACE(test_case.op);
  auto outputs = run(test_case);
  ASSERT_TRUE(outputs.ok()) << outputs.status().to_string();
  expect_equal(outputs.value()[0], expected);
  expect_on_cuda(test_case, {expected});
  if (has_16_bit_types(test_case)) expect_in_16_bits(test_case);
}

void expect_on_cuda(const OpCase& test_case, const std::vector<Tensor>& expected) {
  const auto outputs = run_on_cuda(test_case);
  if (!outputs) return;
  SCOPED_TRACE("on CUDA, emulated");
  ASSERT_TRUE(outputs->ok()) << outputs->status().to_string();
  for (std::size_t slot = 0; slot < expected.size(); ++slot) {
    SCOPED_TRACE("output " + std::to_string(slot));
    expect_equal(outputs->value()[slot], expected[slot]);
  }
}

void expect_outputs(const OpCase& test_case, const std::vector<Tensor>& expected) {
  SCOPED_TRACE(test_case.op);
  auto outputs = run(test_case);
  ASSERT_TRUE(outputs.ok()) << outputs.status().to_string();
  ASSERT_EQ(outputs.value().size(), expected.size());
  for (std::size_t slot = 0; slot < expected.size(); ++slot) {
    SCOPED_TRACE("output " + std::to_string(slot));
    expect_equal(outputs.value()[slot], expected[slot]);
  }
  expect_on_cuda(test_case, expected);
}

void expect_failure(const OpCase& test_case, core::Status::Code code, const std::string& text) {
  auto outputs = run(test_case);
  ASSERT_FALSE(outputs.ok());
  EXPECT_EQ(outputs.status().code(), code) << outputs.status().to_string();
  EXPECT_THAT(outputs.status().message(), ::testing::HasSubstr(text));
  EXPECT_THAT(outputs.status().message(), ::testing::HasSubstr(test_case.op));
  if (code != core::Status::ERROR_RUNTIME) return;
  if (const auto on_cuda = run_on_cuda(test_case)) {
    EXPECT_EQ(on_cuda->status().to_string(), without_index(outputs.status().to_string()))
        << "on CUDA, emulated";
  }
}

}  // namespace mini_infer::test
