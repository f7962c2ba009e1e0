#include <gtest/gtest.h>

#include "ops/activation.h"
#include "ops/alias_case.h"
#include "ops/in_place.h"
#include "ops/spatial_case.h"

namespace mini_infer::test {
namespace {

using core::Shape;
using core::Status;
using core::Tensor;
using Attributes = std::map<std::string, graph::Attribute, std::less<>>;

OpCase scale(std::vector<Tensor> inputs, Attributes attributes = {}) {
  return {.op = "Scale",
          .domain = std::string(graph::kInternalDomain),
          .opset = 1,
          .attributes = std::move(attributes),
          .inputs = std::move(inputs)};
}

OpCase in_last_layout(OpCase test_case) {
  for (Tensor& input : test_case.inputs) input = channels_last(input);
  test_case.attributes["layout"] = std::string("NHWC");
  return test_case;
}

Tensor reference(const Tensor& x, const Tensor& gate, const Tensor* residual = nullptr) {
  std::vector<float> y;
  for_each_index(x.shape().dims(), [&](const Extents& index) {
    const std::int64_t at = flat_index(x.shape().dims(), index);
    const float sum = x.as<float>()[at] * gate.as<float>()[index[0] * x.shape()[1] + index[1]];
    y.push_back(residual == nullptr ? sum : sum + residual->as<float>()[at]);
  });
  return floats(x.shape(), std::move(y));
}

TEST(Scale, EveryChannelOfEveryImageHasItsGate) {
  Random random(1);
  for (const Shape& shape : {Shape{2, 3, 5}, Shape{2, 3, 4, 5}, Shape{1, 2, 3, 2, 4}}) {
    SCOPED_TRACE(shape.to_string());
    std::vector<std::int64_t> gates(static_cast<std::size_t>(shape.rank()), 1);
    gates[0] = shape[0];
    gates[1] = shape[1];
    const Tensor x = random.tensor(shape), gate = random.tensor(Shape(gates));
    const Tensor residual = random.tensor(shape);
    const OpCase plain = scale({x, gate}), added = scale({x, gate, residual});
    expect_output(plain, reference(x, gate));
    expect_output(added, reference(x, gate, &residual));
    expect_output(in_last_layout(plain), channels_last(reference(x, gate)));
    expect_output(in_last_layout(added), channels_last(reference(x, gate, &residual)));
  }
}

TEST(Scale, MayOverwriteTheImageOrTheResidual) {
  Random random(2);
  const OpCase test_case = scale(
      {random.tensor({2, 3, 2, 2}), random.tensor({2, 3, 1, 1}), random.tensor({2, 3, 2, 2})});
  ASSERT_EQ(aliases_of(test_case).size(), 2u);
  for (const OpCase& each : {test_case, in_last_layout(test_case)}) {
    expect_same_in_place(each, 0);
    expect_same_in_place(each, 2);
  }
}

TEST(Scale, EndsWithAnyActivationOfAFusedNode) {
  struct Case {
    std::string op;
    Attributes attributes;
    ops::Activation activation;
  };
  using Kind = ops::Activation::Kind;
  const std::vector<Case> cases = {
      {"Relu", {}, {Kind::kRelu}},
      {"LeakyRelu", {{"alpha", 0.25f}}, {Kind::kLeakyRelu, 0.25f}},
      {"Sigmoid", {}, {Kind::kSigmoid}},
      {"Tanh", {}, {Kind::kTanh}},
      {"HardSigmoid", {{"alpha", 0.5f}, {"beta", 0.25f}}, {Kind::kHardSigmoid, 0.5f, 0.25f}},
      {"HardSwish", {}, {Kind::kHardSwish}},
      {"Swish", {{"alpha", 1.702f}}, {Kind::kSwish, 1.702f}},
      {"Mish", {}, {Kind::kMish}},
      {"Elu", {{"alpha", 0.5f}}, {Kind::kElu, 0.5f}},
      {"Gelu", {}, {Kind::kGelu}},
      {"Gelu", {{"approximate", std::string("tanh")}}, {Kind::kGeluTanh}},
  };
  const Tensor x = ramp({1, 1, 41}, 0.25f, -5);
  for (const Case& each : cases) {
    SCOPED_TRACE(each.op);
    const auto expected =
        run({.op = each.op, .opset = 24, .attributes = each.attributes, .inputs = {x}});
    ASSERT_TRUE(expected.ok()) << expected.status().to_string();
    graph::Node node;
    each.activation.store(node);
    expect_output(scale({x, floats({1, 1, 1}, {1})}, node.attributes), expected.value()[0]);
  }
}

TEST(Scale, ZeroExtentsAreLegal) {
  for (const Shape& shape : {Shape{0, 3, 2}, Shape{2, 0, 2}, Shape{2, 3, 0}}) {
    expect_output(scale({ramp(shape), ramp({shape[0], shape[1], 1})}), ramp(shape));
    const OpCase last =
        scale({ramp(shape), ramp({shape[0], 1, shape[2]})}, {{"layout", std::string("NHWC")}});
    expect_output(last, ramp(shape));
  }
}

TEST(Scale, BadNodesAreNamed) {
  const Tensor x = ramp({2, 3, 4});
  expect_failure(scale({x, ramp({1, 3, 1})}), Status::ERROR_INVALID_MODEL, "gate");
  expect_failure(scale({x, ramp({2, 3, 1}), ramp({2, 3, 1})}), Status::ERROR_INVALID_MODEL,
                 "residual");
  expect_failure(scale({x}), Status::ERROR_INVALID_MODEL, "expected 2 to 3 inputs, found 1");
  expect_failure(scale({x, int32s({2, 3, 1}, {1, 2, 3, 4, 5, 6})}), Status::ERROR_INVALID_MODEL,
                 "input 1: expected float32");
  expect_failure(scale({int32s({1, 1, 1}, {1}), int32s({1, 1, 1}, {1})}), Status::ERROR_UNSUPPORTED,
                 "type int32");
}

}  // namespace
}  // namespace mini_infer::test
