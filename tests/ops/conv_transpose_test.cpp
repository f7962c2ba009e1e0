#include <gtest/gtest.h>

#include "ops/spatial_case.h"

namespace mini_infer::test {
namespace {

using core::Shape;
using core::Status;
using core::Tensor;
using Attributes = std::map<std::string, graph::Attribute, std::less<>>;

struct TransposedCase {
  Extents input, kernel, strides, dilations, begin, end, extra;
  std::int64_t group = 1;
  Tensor x, w, bias;  // the last may be undefined
};

// Each input element adds its kernel to the output, in double.
Tensor reference(const TransposedCase& conv) {
  const std::int64_t filters = conv.w.shape()[1];
  const std::int64_t channels = conv.x.shape()[1] / conv.group;
  Extents output = {conv.x.shape()[0], filters * conv.group};
  for (std::size_t i = 0; i < conv.input.size(); ++i) {
    output.push_back(conv.strides[i] * (conv.input[i] - 1) + conv.extra[i] +
                     (conv.kernel[i] - 1) * conv.dilations[i] + 1 - conv.begin[i] - conv.end[i]);
  }
  std::vector<double> sums(static_cast<std::size_t>(Shape(output).elements()), 0);
  for_each_index(conv.x.shape().dims(), [&](const Extents& from) {
    for_each_index(conv.kernel, [&](const Extents& tap) {
      Extents at = {from[0], 0};
      for (std::size_t i = 0; i < tap.size(); ++i) {
        at.push_back(from[i + 2] * conv.strides[i] + tap[i] * conv.dilations[i] - conv.begin[i]);
        if (at.back() < 0 || at.back() >= output[i + 2]) return;
      }
      for (std::int64_t filter = 0; filter < filters; ++filter) {
        at[1] = from[1] / channels * filters + filter;
        Extents weight = tap;
        weight.insert(weight.begin(), {from[1], filter});
        sums[flat_index(output, at)] +=
            static_cast<double>(conv.x.as<float>()[flat_index(conv.x.shape().dims(), from)]) *
            static_cast<double>(conv.w.as<float>()[flat_index(conv.w.shape().dims(), weight)]);
      }
    });
  });
  std::vector<float> y;
  for_each_index(output, [&](const Extents& at) {
    const float bias = conv.bias.defined() ? conv.bias.as<float>()[at[1]] : 0;
    y.push_back(static_cast<float>(sums[y.size()]) + bias);
  });
  return floats(Shape(output), std::move(y));
}

TransposedCase random_case(Random& random) {
  TransposedCase conv;
  const std::int64_t rank = random.number(1, 3);
  for (std::int64_t i = 0; i < rank; ++i) {
    conv.input.push_back(random.number(1, i == rank - 1 ? 40 : 4));
    conv.kernel.push_back(random.number(1, 3));
    conv.strides.push_back(random.number(1, 3));
    conv.dilations.push_back(random.number(1, 2));
    conv.begin.push_back(random.number(0, conv.kernel.back() - 1) / 2);
    conv.end.push_back(random.number(0, conv.kernel.back() - 1) / 2);
    conv.extra.push_back(random.number(0, 2));
  }
  conv.group = random.number(1, 3);
  Extents x = {random.number(1, 2), conv.group * random.number(1, 3)};
  Extents w = {x[1], random.number(1, 4)};
  x.insert(x.end(), conv.input.begin(), conv.input.end());
  w.insert(w.end(), conv.kernel.begin(), conv.kernel.end());
  conv.x = random.tensor(Shape(x));
  conv.w = random.tensor(Shape(w));
  if (random.coin()) conv.bias = random.tensor(Shape{w[1] * conv.group});
  return conv;
}

TEST(ConvTranspose, RandomGeometries) {
  for (unsigned seed = 0; seed < 400 && !::testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    const TransposedCase conv = random_case(random);
    Extents pads = conv.begin;
    pads.insert(pads.end(), conv.end.begin(), conv.end.end());
    expect_output({.op = "ConvTranspose",
                   .attributes = {{"strides", conv.strides},
                                  {"dilations", conv.dilations},
                                  {"pads", pads},
                                  {"output_padding", conv.extra},
                                  {"group", conv.group}},
                   .inputs = {conv.x, conv.w, conv.bias}},
                  reference(conv));
  }
}

// Two inputs, each spreading 1, 10, 100 with stride 2: 1, 10, 102, 20, 200.
OpCase two_kernels(Attributes attributes) {
  attributes["strides"] = Extents{2};
  return {.op = "ConvTranspose",
          .attributes = std::move(attributes),
          .inputs = {floats({1, 1, 2}, {1, 2}), floats({1, 1, 3}, {1, 10, 100})}};
}

TEST(ConvTranspose, SameGivesStrideTimesTheInput) {
  expect_output(two_kernels({}), floats({1, 1, 5}, {1, 10, 102, 20, 200}));
  expect_output(two_kernels({{"auto_pad", std::string("SAME_UPPER")}}),
                floats({1, 1, 4}, {1, 10, 102, 20}));
  expect_output(two_kernels({{"auto_pad", std::string("SAME_LOWER")}}),
                floats({1, 1, 4}, {10, 102, 20, 200}));
}

TEST(ConvTranspose, AStatedOutputDecidesThePadding) {
  expect_output(two_kernels({{"output_shape", Extents{2}}}), floats({1, 1, 2}, {102, 20}));
  expect_output(
      two_kernels({{"output_shape", Extents{2}}, {"auto_pad", std::string("SAME_UPPER")}}),
      floats({1, 1, 2}, {10, 102}));
  expect_output(two_kernels({{"output_shape", Extents{6}}}),
                floats({1, 1, 6}, {1, 10, 102, 20, 200, 0}));
}

TEST(ConvTranspose, BadNodesAreNamed) {
  const auto refuse = [](const OpCase& test_case, const std::string& text) {
    expect_failure(test_case, Status::ERROR_INVALID_MODEL, text);
  };
  refuse(two_kernels({{"pads", Extents{3, 3}}}),
         "the padding of spatial axis 0 crops more than the 5 elements there are");
  refuse(two_kernels({{"output_padding", Extents{-1}}}), "output_padding: -1 is not in [0, ");
  refuse(two_kernels({{"output_shape", Extents{1, 1}}}),
         "output_shape: expected 1 numbers, found 2");
  refuse(two_kernels({{"group", std::int64_t{2}}}), "group 2 does not divide 1 channels");
  refuse({.op = "ConvTranspose", .inputs = {ramp({1, 2, 3}), ramp({3, 1, 1})}},
         "expected 2 channels, found 3");
  refuse({.op = "ConvTranspose", .inputs = {ramp({1, 1, 3}), ramp({1, 2, 1}), ramp({1})}},
         "bias (input 2): expected [2], found [1]");
}

TEST(ConvTranspose, ZeroExtentsAreLegal) {
  expect_output({.op = "ConvTranspose", .inputs = {floats({0, 1, 2}, {}), ramp({1, 3, 1})}},
                floats({0, 3, 2}, {}));
  expect_output({.op = "ConvTranspose",
                 .inputs = {floats({1, 0, 2}, {}), floats({0, 1, 1}, {}), floats({1}, {5})}},
                floats({1, 1, 2}, {5, 5}));
}

}  // namespace
}  // namespace mini_infer::test
