#include <gtest/gtest.h>

#include <cmath>

#include "cpu/backend.h"
#include "cpu/evaluator.h"
#include "ops/alias_case.h"
#include "ops/in_place.h"
#include "ops/infer.h"
#include "ops/spatial_case.h"

namespace mini_infer::test {
namespace {

using core::Shape;
using core::Status;
using core::Tensor;

constexpr double kEpsilon = 0.25;

OpCase normalization(const std::string& op, std::int64_t axis, std::vector<Tensor> inputs) {
  return {.op = op,
          .opset = 23,
          .attributes = {{"axis", axis}, {"epsilon", static_cast<float>(kEpsilon)}},
          .inputs = std::move(inputs)};
}

// The element of a tensor broadcast to `shape` that lies at `index` there.
double broadcast_element(const Tensor& tensor, const Extents& index) {
  const Extents& extents = tensor.shape().dims();
  Extents at(index.end() - tensor.shape().rank(), index.end());
  for (std::size_t axis = 0; axis < at.size(); ++axis) {
    if (extents[axis] == 1) at[axis] = 0;
  }
  return static_cast<double>(tensor.as<float>()[flat_index(extents, at)]);
}

struct Statistics {
  double mean = 0;
  double square = 0;  // the mean of the squares
};

Statistics statistics_of_row(const Tensor& x, std::int64_t row, std::int64_t extent) {
  Statistics statistics;
  for (std::int64_t i = row * extent; i < (row + 1) * extent; ++i) {
    const auto value = static_cast<double>(x.as<float>()[i]);
    statistics.mean += value / static_cast<double>(extent);
    statistics.square += value * value / static_cast<double>(extent);
  }
  return statistics;
}

// By the formula of the standard, in double.
Tensor reference(const OpCase& test_case, int axis) {
  const Tensor& x = test_case.inputs[0];
  const Shape& shape = x.shape();
  const std::int64_t extent = shape.elements(axis, shape.rank());
  const bool centred = test_case.op == "LayerNormalization";
  std::vector<float> y;
  for_each_index(shape.dims(), [&](const Extents& index) {
    const std::int64_t at = flat_index(shape.dims(), index);
    const Statistics statistics = statistics_of_row(x, at / extent, extent);
    const double mean = centred ? statistics.mean : 0;
    const double variance = statistics.square - mean * mean;
    double value = (static_cast<double>(x.as<float>()[at]) - mean) / std::sqrt(variance + kEpsilon);
    value *= broadcast_element(test_case.inputs[1], index);
    if (test_case.inputs.size() > 2) value += broadcast_element(test_case.inputs[2], index);
    y.push_back(static_cast<float>(value));
  });
  return floats(shape, std::move(y));
}

void expect_normalized(const OpCase& test_case, int axis) {
  expect_output(test_case, reference(test_case, axis));
  expect_same_in_place(test_case);
}

TEST(LayerNormalization, FromEveryAxisOn) {
  Random random(1);
  const Shape shape{2, 3, 4, 5};
  const Tensor x = random.tensor(shape);
  for (int axis = 0; axis < shape.rank(); ++axis) {
    SCOPED_TRACE(axis);
    const Shape row(Extents(shape.begin() + axis, shape.end()));
    const Tensor scale = random.tensor(row);
    const Tensor bias = random.tensor(row);
    expect_normalized(normalization("LayerNormalization", axis, {x, scale, bias}), axis);
    expect_normalized(normalization("LayerNormalization", axis - 4, {x, scale}), axis);
    expect_normalized(normalization("RMSNormalization", axis, {x, scale}), axis);
    expect_normalized(normalization("RMSNormalization", axis - 4, {x, scale}), axis);
  }
}

TEST(LayerNormalization, ScaleAndBiasAreBroadcast) {
  Random random(2);
  const Tensor x = random.tensor({2, 3, 4});
  for (const Shape& shape : {Shape{}, Shape{4}, Shape{3, 1}, Shape{2, 1, 4}, Shape{2, 3, 4}}) {
    SCOPED_TRACE(shape.to_string());
    const Tensor scale = random.tensor(shape);
    const Tensor bias = random.tensor({1, 3, 4});
    expect_normalized(normalization("LayerNormalization", 1, {x, scale, bias}), 1);
    expect_normalized(normalization("LayerNormalization", 2, {x, bias, scale}), 2);
    expect_normalized(normalization("RMSNormalization", 2, {x, scale}), 2);
  }
}

TEST(LayerNormalization, YieldsMeanAndInverseDeviation) {
  OpCase test_case =
      normalization("LayerNormalization", 1, {floats({2, 2}, {1, 3, 10, 20}), floats({2}, {1, 1})});
  test_case.attributes["epsilon"] = 0.0f;
  test_case.outputs = 3;
  expect_outputs(test_case, {floats({2, 2}, {-1, 1, -1, 1}), floats({2, 1}, {2, 15}),
                             floats({2, 1}, {1, 0.2f})});
}

TEST(LayerNormalization, TheDefaultIsTheLastAxis) {
  expect_output({.op = "LayerNormalization",
                 .inputs = {floats({2, 2}, {-100, 100, 7, 7}), floats({2}, {1, 2})}},
                floats({2, 2}, {-1, 2, 0, 0}));
  expect_output({.op = "RMSNormalization",
                 .opset = 23,
                 .inputs = {floats({2, 2}, {-100, 100, 300, 300}), floats({2}, {1, 2})}},
                floats({2, 2}, {-1, 2, 1, 2}));
}

TEST(LayerNormalization, FarFromZeroTheVarianceIsStillRight) {
  OpCase test_case =
      normalization("LayerNormalization", 0,
                    {floats({4}, {10000, 10001, 10002, 10003}), floats({4}, {1, 1, 1, 1})});
  test_case.attributes["epsilon"] = 0.0f;
  expect_output(test_case, floats({4}, {-1.3416408f, -0.4472136f, 0.4472136f, 1.3416408f}));
}

TEST(LayerNormalization, ZeroExtentsAreLegal) {
  for (const Shape& shape : {Shape{0, 3}, Shape{3, 0}}) {
    expect_output(normalization("LayerNormalization", 1, {ramp(shape), ramp({1})}), ramp(shape));
    expect_output(normalization("RMSNormalization", 1, {ramp(shape), ramp({1})}), ramp(shape));
  }
}

TEST(LayerNormalization, MayOverwriteItsInput) {
  const auto aliases =
      aliases_of(normalization("LayerNormalization", 1, {ramp({2, 2}), ramp({2})}));
  ASSERT_EQ(aliases.size(), 1u);
  EXPECT_EQ(aliases[0].kind, ops::AliasKind::kOverwrite);
}

TEST(LayerNormalization, BadNodesAreNamed) {
  for (const std::string op : {"LayerNormalization", "RMSNormalization"}) {
    expect_failure(normalization(op, 2, {ramp({2, 2}), ramp({2})}), Status::ERROR_INVALID_MODEL,
                   "axis 2 is outside a tensor of rank 2");
    expect_failure(normalization(op, 1, {ramp({2, 2}), ramp({3})}), Status::ERROR_INVALID_MODEL,
                   "input 1: [3] does not broadcast to the input's [2,2]");
    expect_failure(normalization(op, 1, {ramp({2, 2}), ramp({1, 2, 2})}),
                   Status::ERROR_INVALID_MODEL, "[1,2,2] does not broadcast");
    expect_failure(normalization(op, 0, {int32s({1}, {1}), ramp({1})}), Status::ERROR_UNSUPPORTED,
                   "type int32");
    OpCase half_precision = normalization(op, 0, {ramp({1}), ramp({1})});
    half_precision.attributes["stash_type"] = std::int64_t{16};
    expect_failure(half_precision, Status::ERROR_UNSUPPORTED, "stash_type 16");
  }
  expect_failure(normalization("LayerNormalization", 0, {ramp({1})}), Status::ERROR_INVALID_MODEL,
                 "expected 2 to 3 inputs, found 1");
  expect_failure(normalization("RMSNormalization", 0, {ramp({1}), ramp({1}), ramp({1})}),
                 Status::ERROR_INVALID_MODEL, "expected 2 inputs, found 3");
}

// --- With a residual ---

OpCase with_residual(const std::string& op, std::vector<Tensor> inputs, int outputs = 1) {
  OpCase test_case = normalization(op, -1, std::move(inputs));
  test_case.domain = graph::kInternalDomain;
  test_case.outputs = outputs;
  return test_case;
}

struct Residual {
  Random random{4};
  Tensor x = random.tensor({3, 2, 7}), residual = random.tensor({3, 2, 7});
  Tensor scale = random.tensor({7}), bias = random.tensor({7});

  Tensor sum() const {
    std::vector<float> values;
    for (std::int64_t i = 0; i < x.elements(); ++i) {
      values.push_back(x.as<float>()[i] + residual.as<float>()[i]);
    }
    return floats(x.shape(), std::move(values));
  }
  OpCase layer(int outputs = 1) const {
    return with_residual("LayerNormalization", {x, scale, bias, residual}, outputs);
  }
  OpCase rms(int outputs = 1) const {
    return with_residual("RMSNormalization", {x, scale, Tensor(), residual}, outputs);
  }
  Tensor layer_of_sum() const {
    return reference(normalization("LayerNormalization", -1, {sum(), scale, bias}), 2);
  }
  Tensor rms_of_sum() const {
    return reference(normalization("RMSNormalization", -1, {sum(), scale}), 2);
  }
};

TEST(LayerNormalizationWithResidual, NormalisesTheSum) {
  const Residual t;
  expect_output(t.layer(), t.layer_of_sum());
  expect_output(t.rms(), t.rms_of_sum());
}

TEST(LayerNormalizationWithResidual, YieldsTheSum) {
  const Residual t;
  expect_outputs(t.layer(2), {t.layer_of_sum(), t.sum()});
  expect_outputs(t.rms(2), {t.rms_of_sum(), t.sum()});
}

TEST(LayerNormalizationWithResidual, TheFirstOutputMayOverwriteEitherAddend) {
  const Residual t;
  for (const OpCase& test_case : {t.layer(), t.rms()}) {
    expect_same_in_place(test_case, 0);
    expect_same_in_place(test_case, 3);
  }
}

TEST(LayerNormalizationWithResidual, BothOutputsMayOverwriteAnAddendEach) {
  const Residual t;
  for (const bool crossed : {false, true}) {
    SCOPED_TRACE(crossed);
    graph::Graph graph = graph_of(t.layer(2));
    ASSERT_TRUE(ops::infer(graph, cpu::evaluate).ok());
    const auto kernel = cpu::backend().bind(ops::NodeView(graph, 0), {});
    ASSERT_TRUE(kernel.ok()) << kernel.status().to_string();
    Tensor a = Tensor::copy_of(t.x.type(), t.x.shape(), t.x.bytes());
    Tensor b = Tensor::copy_of(t.x.type(), t.x.shape(), t.residual.bytes());
    const void* const inputs[] = {a.bytes().data(), t.scale.bytes().data(), t.bias.bytes().data(),
                                  b.bytes().data()};
    Tensor& y = crossed ? b : a;
    Tensor& sum = crossed ? a : b;
    void* const outputs[] = {y.mutable_bytes().data(), sum.mutable_bytes().data()};
    ASSERT_TRUE((*kernel)({.inputs = inputs, .outputs = outputs}).ok());
    const auto apart = run(t.layer(2));
    EXPECT_TRUE(std::equal(y.bytes().begin(), y.bytes().end(), apart->at(0).bytes().begin()));
    EXPECT_TRUE(std::equal(sum.bytes().begin(), sum.bytes().end(), apart->at(1).bytes().begin()));
  }
}

TEST(LayerNormalizationWithResidual, TheResidualMayBeRepeatedAlongTheFirstAxes) {
  Residual t;
  const Tensor rows = t.random.tensor({2, 7});
  std::vector<float> repeated;
  for (int i = 0; i < 3; ++i)
    repeated.insert(repeated.end(), rows.as<float>().begin(), rows.as<float>().end());
  t.residual = floats({3, 2, 7}, repeated);
  const Tensor expected = t.layer_of_sum();
  t.residual = rows;
  expect_output(t.layer(), expected);
  t.residual = rows.reshaped({1, 2, 7});
  expect_output(t.layer(), expected);
  expect_same_in_place(t.layer(), 0);
}

TEST(LayerNormalizationWithResidual, ZeroExtentsAreLegal) {
  for (const Shape& shape : {Shape{0, 3}, Shape{3, 0}}) {
    expect_output(
        with_residual("LayerNormalization", {ramp(shape), ramp({1}), ramp({1}), ramp(shape)}),
        ramp(shape));
  }
}

TEST(LayerNormalizationWithResidual, BadNodesAreNamed) {
  const Residual t;
  expect_failure(with_residual("LayerNormalization", {t.x, t.scale, t.bias}),
                 Status::ERROR_INVALID_MODEL, "its residual, input 3, is missing");
  expect_failure(
      with_residual("LayerNormalization", {t.x, t.scale, t.bias, ramp({3, 1, 7})}),
      Status::ERROR_INVALID_MODEL,
      "residual (input 3): expected [3,2,7], or that without its first axes, found [3,1,7]");
  expect_failure(with_residual("RMSNormalization", {t.x, t.scale, t.bias, t.residual}),
                 Status::ERROR_INVALID_MODEL, "input 2 does not exist");
}

}  // namespace
}  // namespace mini_infer::test
