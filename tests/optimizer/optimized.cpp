#include "optimizer/optimized.h"

#include <gtest/gtest.h>

#include <cmath>
#include <sstream>

#include "cpu/evaluator.h"
#include "optimizer/builder.h"
#include "optimizer/optimizer.h"
#include "optimizer/reshape.h"

namespace mini_infer::test {
namespace {

using core::DataType;
using core::Tensor;
using graph::Graph;
using graph::Value;
using graph::ValueId;

Tensor input_data(const Value& value, std::uint32_t seed) {
  if (value.type == DataType::kFloat32) return noise(*value.shape, seed);
  if (value.type == DataType::kInt64) {  // small enough to be an index
    std::vector<std::int64_t> bits(static_cast<std::size_t>(value.shape->elements()));
    for (std::int64_t& bit : bits) bit = seed++ % 2;
    return Tensor::from<std::int64_t>(value.type, *value.shape, bits);
  }
  Tensor tensor = Tensor::allocate(value.type, *value.shape).value();
  for (std::byte& byte : tensor.mutable_bytes()) byte = static_cast<std::byte>(seed++ % 2);
  return tensor;
}

// With every input constant, inference computes the whole graph.
std::vector<Tensor> results(Graph graph) {
  for (std::size_t i = 0; i < graph.inputs.size(); ++i) {
    Value& value = graph.value(graph.inputs[i]);
    if (!value.constant) value.constant = input_data(value, static_cast<std::uint32_t>(i) + 1);
  }
  const core::Status status = ops::infer(graph, cpu::evaluate);
  EXPECT_TRUE(status.ok()) << status.message() << "\n" << graph.to_text();
  std::vector<Tensor> tensors;
  for (ValueId output : graph.outputs) {
    tensors.push_back(graph.value(output).constant.value_or(Tensor()));
  }
  return tensors;
}

void expect_same(const Tensor& actual, const Tensor& expected) {
  ASSERT_EQ(actual.type(), expected.type());
  ASSERT_EQ(actual.shape(), expected.shape());
  if (expected.type() != DataType::kFloat32) {
    EXPECT_TRUE(std::equal(actual.bytes().begin(), actual.bytes().end(), expected.bytes().begin()));
    return;
  }
  const auto a = actual.as<float>();
  const auto e = expected.as<float>();
  float largest = 0;
  for (float value : e) {
    if (std::isfinite(value)) largest = std::max(largest, std::fabs(value));
  }
  for (std::size_t i = 0; i < e.size(); ++i) {
    if (a[i] == e[i]) continue;  // infinities have no difference
    ASSERT_NEAR(a[i], e[i], 1e-6f + 2e-5f * largest) << "element " << i;
  }
}

std::vector<std::string> names(const Graph& graph, const std::vector<ValueId>& ids) {
  std::vector<std::string> names;
  for (ValueId id : ids) names.push_back(graph.value(id).name);
  return names;
}

}  // namespace

Graph optimized(const Graph& graph, const Passes& passes) {
  const bool failed_before = ::testing::Test::HasFailure();
  Graph result = graph;
  auto reports = optimizer::optimize(
      result, {.passes = passes, .check_passes = true, .after_pass = {}}, cpu::evaluate);
  EXPECT_TRUE(reports.ok()) << reports.status().to_string() << "\n" << graph.to_text();
  if (!reports.ok()) return result;
  EXPECT_EQ(names(result, result.inputs), names(graph, graph.inputs));
  EXPECT_EQ(names(result, result.outputs), names(graph, graph.outputs));
  const std::vector<Tensor> before = results(graph);
  const std::vector<Tensor> after = results(result);
  for (std::size_t i = 0; i < before.size(); ++i) {
    SCOPED_TRACE(result.value(result.outputs[i]).name);
    expect_same(after[i], before[i]);
  }
  if (!failed_before && ::testing::Test::HasFailure()) {
    ADD_FAILURE() << "before:\n" << graph.to_text() << "after:\n" << result.to_text();
  }
  return result;
}

std::string nodes_text(const Graph& graph) {
  std::istringstream lines(graph.to_text());
  std::string text, line;
  while (std::getline(lines, line)) {
    if (line.starts_with("  %") || line.starts_with("  -")) text += line.substr(2) + "\n";
  }
  return text;
}

std::string op_list(const Graph& graph) {
  std::string text;
  for (const graph::Node& node : graph.nodes()) {
    text += (text.empty() ? "" : " ") + node.domain + (node.domain.empty() ? "" : ".") + node.op;
  }
  return text;
}

std::int64_t transposed_bytes(const Graph& graph) {
  std::int64_t bytes = 0;
  for (graph::NodeId id = 0; id < static_cast<graph::NodeId>(graph.nodes().size()); ++id) {
    if (!graph.node(id).is("Transpose") || optimizer::is_view(graph, id)) continue;
    const Value& value = graph.value(graph.node(id).inputs[0]);
    bytes += static_cast<std::int64_t>(*core::checked_bytes(value.type, *value.shape));
  }
  return bytes;
}

}  // namespace mini_infer::test
