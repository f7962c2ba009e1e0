#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>

#include "ops/in_place.h"

namespace mini_infer::test {
namespace {

using core::DataType;
using core::Status;

const float kNan = std::numeric_limits<float>::quiet_NaN();
const float kInf = std::numeric_limits<float>::infinity();

// Covers signs, zeros, the middle and the ends of the range; sized to leave a vector tail.
std::vector<float> samples() {
  std::vector<float> values = {0.0f,   -0.0f,   1e-30f, -1e-30f, 1e-4f, -1e-4f, 88.0f, -88.0f,
                               200.0f, -200.0f, 1e30f,  -1e30f,  kInf,  -kInf,  kNan};
  for (int i = -60; i <= 60; ++i) values.push_back(0.173f * static_cast<float>(i));
  return values;
}

using Attributes = std::map<std::string, graph::Attribute, std::less<>>;

// Compares fp32 and float64 kernels with a formula in double precision.
void expect_function(const std::string& op, const std::function<double(double)>& function,
                     const Attributes& attributes = {}) {
  std::vector<double> inputs;
  std::vector<float> rounded;
  std::vector<float> expected;
  for (float x : samples()) {
    rounded.push_back(x);
    inputs.push_back(x);
    expected.push_back(static_cast<float>(function(x)));
  }
  const core::Shape shape{static_cast<std::int64_t>(rounded.size())};
  OpCase test_case{
      .op = op, .opset = 24, .attributes = attributes, .inputs = {floats(shape, rounded)}};
  expect_output(test_case, floats(shape, expected));
  expect_same_in_place(test_case);

  test_case.inputs = {tensor(DataType::kFloat64, shape, inputs)};
  const auto outputs = run(test_case);
  ASSERT_TRUE(outputs.ok()) << outputs.status().to_string();
  ASSERT_EQ(outputs.value()[0].type(), DataType::kFloat64);
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const double y = outputs.value()[0].as<double>()[i];
    const double e = function(inputs[i]);
    if (std::isnan(e) || std::isinf(e)) {
      EXPECT_EQ(std::to_string(std::fabs(y)), std::to_string(std::fabs(e)))
          << test_case.op << " of " << inputs[i];
    } else {
      EXPECT_NEAR(y, e, 1e-12 + 1e-6 * std::fabs(e)) << test_case.op << " of " << inputs[i];
    }
  }
}

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }
double softplus(double x) { return std::max(x, 0.0) + std::log1p(std::exp(-std::fabs(x))); }

TEST(Unary, FunctionsOfTheStandardLibrary) {
  expect_function("Exp", [](double x) { return std::exp(x); });
  expect_function("Log", [](double x) { return std::log(x); });
  expect_function("Sqrt", [](double x) { return std::sqrt(x); });
  expect_function("Reciprocal", [](double x) { return 1 / x; });
  expect_function("Erf", [](double x) { return std::erf(x); });
  expect_function("Tanh", [](double x) { return std::tanh(x); });
  expect_function("Sin", [](double x) { return std::sin(x); });
  expect_function("Cos", [](double x) { return std::cos(x); });
  expect_function("Tan", [](double x) { return std::tan(x); });
  expect_function("Asin", [](double x) { return std::asin(x); });
  expect_function("Acos", [](double x) { return std::acos(x); });
  expect_function("Atan", [](double x) { return std::atan(x); });
  expect_function("Sinh", [](double x) { return std::sinh(x); });
  expect_function("Cosh", [](double x) { return std::cosh(x); });
  expect_function("Asinh", [](double x) { return std::asinh(x); });
  expect_function("Acosh", [](double x) { return std::acosh(x); });
  expect_function("Atanh", [](double x) { return std::atanh(x); });
  expect_function("Floor", [](double x) { return std::floor(x); });
  expect_function("Ceil", [](double x) { return std::ceil(x); });
  expect_function("Abs", [](double x) { return std::fabs(x); });
  expect_function("Neg", [](double x) { return -x; });
}

TEST(Unary, Activations) {
  expect_function("Relu", [](double x) { return x < 0 ? 0 : x; });
  expect_function("LeakyRelu", [](double x) { return x < 0 ? 0.01f * x : x; });
  expect_function("LeakyRelu", [](double x) { return x < 0 ? 0.5 * x : x; }, {{"alpha", 0.5f}});
  expect_function("Sigmoid", sigmoid);
  expect_function("HardSigmoid", [](double x) {
    const double line = double{0.2f} * x + 0.5;
    return line < 0 ? 0 : line > 1 ? 1 : line;
  });
  expect_function("HardSigmoid",
                  [](double x) {
                    const double line = 0.5 * x + 0.25;
                    return line < 0 ? 0 : line > 1 ? 1 : line;
                  },
                  {{"alpha", 0.5f}, {"beta", 0.25f}});
  expect_function("HardSwish", [](double x) {
    const double line = x / 6 + 0.5;
    return x * (line < 0 ? 0 : line > 1 ? 1 : line);
  });
  expect_function("Swish", [](double x) { return x * sigmoid(x); });
  expect_function("Swish", [](double x) { return x * sigmoid(1.5 * x); }, {{"alpha", 1.5f}});
  expect_function("Elu", [](double x) { return x < 0 ? std::expm1(x) : x; });
  expect_function("Elu", [](double x) { return x < 0 ? 2 * std::expm1(x) : x; }, {{"alpha", 2.0f}});
  expect_function("Selu", [](double x) {
    return double{1.05070102214813232421875f} *
           (x < 0 ? double{1.67326319217681884765625f} * std::expm1(x) : x);
  });
  expect_function("Celu", [](double x) { return x < 0 ? 2 * std::expm1(x / 2) : x; },
                  {{"alpha", 2.0f}});
  expect_function("Softplus", softplus);
  expect_function("Softsign", [](double x) { return x / (1 + std::fabs(x)); });
  expect_function("ThresholdedRelu", [](double x) { return x <= 1 ? 0 : x; });
  expect_function("Shrink", [](double x) { return x < -1.5   ? x + 0.5
                                                  : x <= 1.5 ? 0
                                                             : x - 0.5; },
                  {{"lambd", 1.5f}, {"bias", 0.5f}});
  expect_function("Gelu", [](double x) { return 0.5 * x * (1 + std::erf(x / std::sqrt(2.0))); });
}

// -infinity times tanh(softplus(-infinity)) = 0 is undefined; so it is here.
TEST(Unary, Mish) {
  expect_function("Mish", [](double x) { return x * std::tanh(softplus(x)); });
}

TEST(Unary, GeluByTanh) {
  const OpCase gelu{.op = "Gelu",
                    .opset = 20,
                    .attributes = {{"approximate", std::string("tanh")}},
                    .inputs = {floats({5}, {-1, 0, 1, 3, kNan})}};
  expect_output(gelu, floats({5}, {-0.15880801f, 0, 0.84119199f, 2.9963627f, kNan}));
}

TEST(Unary, GeluRefusesAnotherApproximation) {
  expect_failure({.op = "Gelu",
                  .opset = 20,
                  .attributes = {{"approximate", std::string("sigmoid")}},
                  .inputs = {floats({1}, {1})}},
                 Status::ERROR_INVALID_MODEL, "expected 'none' or 'tanh', found 'sigmoid'");
}

TEST(Unary, RoundTakesHalvesToEven) {
  expect_output(
      {.op = "Round", .inputs = {floats({8}, {0.5f, 1.5f, 2.5f, -0.5f, -1.5f, 2.4f, kInf, kNan})}},
      floats({8}, {0, 2, 2, 0, -2, 2, kInf, kNan}));
}

TEST(Unary, SignKeepsZerosAndNan) {
  expect_output({.op = "Sign", .inputs = {floats({5}, {-3, 0, 7, kNan, -kInf})}},
                floats({5}, {-1, 0, 1, kNan, -1}));
  expect_output({.op = "Sign", .inputs = {int64s({3}, {-9, 0, 9})}}, int64s({3}, {-1, 0, 1}));
  expect_output({.op = "Sign", .inputs = {tensor<std::uint8_t>(DataType::kUInt8, {2}, {0, 200})}},
                tensor<std::uint8_t>(DataType::kUInt8, {2}, {0, 1}));
}

TEST(Unary, IntegersWrapAround) {
  expect_output({.op = "Neg", .inputs = {int32s({3}, {1, -5, INT32_MIN})}},
                int32s({3}, {-1, 5, INT32_MIN}));
  expect_output({.op = "Abs", .inputs = {int64s({3}, {1, -5, INT64_MIN})}},
                int64s({3}, {1, 5, INT64_MIN}));
  const auto int8 = [](std::vector<std::int8_t> values) {
    return tensor(DataType::kInt8, {3}, std::move(values));
  };
  expect_output({.op = "Neg", .inputs = {int8({1, 127, -128})}}, int8({-1, -127, -128}));
  expect_output({.op = "Relu", .inputs = {int8({1, 0, -128})}}, int8({1, 0, 0}));
}

TEST(Unary, NotTakesBoolsOnly) {
  const OpCase test_case{.op = "Not", .inputs = {bools({3}, {true, false, true})}};
  expect_output(test_case, bools({3}, {false, true, false}));
  expect_same_in_place(test_case);
  expect_failure({.op = "Not", .inputs = {floats({1}, {1})}}, Status::ERROR_INVALID_MODEL,
                 "expected bool, found float32");
}

TEST(Unary, BitwiseNot) {
  expect_output({.op = "BitwiseNot", .opset = 18, .inputs = {int32s({3}, {0, -1, 5})}},
                int32s({3}, {-1, 0, -6}));
}

TEST(Unary, TestsForNanAndInfinity) {
  const core::Tensor x = floats({4}, {1, kNan, kInf, -kInf});
  expect_output({.op = "IsNaN", .inputs = {x}}, bools({4}, {false, true, false, false}));
  expect_output({.op = "IsInf", .inputs = {x}}, bools({4}, {false, false, true, true}));
  expect_output(
      {.op = "IsInf", .attributes = {{"detect_negative", std::int64_t{0}}}, .inputs = {x}},
      bools({4}, {false, false, true, false}));
  expect_output(
      {.op = "IsInf", .attributes = {{"detect_positive", std::int64_t{0}}}, .inputs = {x}},
      bools({4}, {false, false, false, true}));
}

TEST(Unary, ScalarsAndEmptyTensors) {
  expect_output({.op = "Relu", .inputs = {floats({}, {-2})}}, floats({}, {0}));
  expect_output({.op = "Exp", .inputs = {floats({2, 0, 3}, {})}}, floats({2, 0, 3}, {}));
}

TEST(Unary, AnUnsupportedTypeIsNamed) {
  core::Tensor complex = core::Tensor::allocate(DataType::kComplex64, core::Shape{1}).value();
  expect_failure({.op = "Relu", .inputs = {complex}}, Status::ERROR_UNSUPPORTED, "complex64");
  expect_failure({.op = "Sigmoid", .inputs = {int32s({1}, {1})}}, Status::ERROR_UNSUPPORTED,
                 "int32");
}

TEST(Unary, TwoInputsAreRefused) {
  expect_failure({.op = "Relu", .inputs = {floats({1}, {1}), floats({1}, {1})}},
                 Status::ERROR_INVALID_MODEL, "expected 1 inputs, found 2");
}

}  // namespace
}  // namespace mini_infer::test
