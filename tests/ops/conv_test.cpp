#include <gtest/gtest.h>

#include "ops/conv_case.h"
#include "ops/in_place.h"

namespace mini_infer::test {
namespace {

using core::Shape;
using core::Status;
using core::Tensor;
using Attributes = std::map<std::string, graph::Attribute, std::less<>>;

ops::Activation random_activation(Random& random) {
  using Kind = ops::Activation::Kind;
  switch (random.number(0, 4)) {
    case 0:
      return {.kind = Kind::kRelu};
    case 1:
      return {.kind = Kind::kClip, .alpha = -1, .beta = 3};
    case 2:
      return {.kind = Kind::kLeakyRelu, .alpha = 0.25f};
    case 3:
      return {.kind = Kind::kHardSwish};
    default:
      return {};
  }
}

// One channel and one filter per group now and then, and more filters than one tile holds.
ConvCase random_conv(Random& random) {
  ConvCase conv;
  const int rank = static_cast<int>(random.number(1, 3));
  conv.window = random_sliding_case(random, rank, false);
  conv.group = random.number(1, 3) == 1 ? random.number(2, 20) : 1;
  const bool depthwise = conv.group > 1 && random.coin();
  const std::int64_t channels = depthwise ? 1 : random.number(1, 5);
  const std::int64_t filters = depthwise ? 1 : random.number(1, conv.group > 1 ? 6 : 40);
  Extents x = {random.number(1, 2), channels * conv.group};
  Extents w = {filters * conv.group, channels};
  x.insert(x.end(), conv.window.input.begin(), conv.window.input.end());
  w.insert(w.end(), conv.window.kernel.begin(), conv.window.kernel.end());
  conv.x = random.tensor(Shape(x));
  conv.w = random.tensor(Shape(w));
  if (random.coin()) conv.bias = random.tensor(Shape{w[0]});
  return conv;
}

TEST(Conv, RandomGeometries) {
  for (unsigned seed = 0; seed < 500 && !::testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    const ConvCase conv = random_conv(random);
    const Tensor expected = reference(conv);
    expect_output(onnx_case(conv), expected);
    expect_output(nhwc_case(conv), channels_last(expected));
  }
}

TEST(Conv, RandomGeometriesFused) {
  for (unsigned seed = 1000; seed < 1500 && !::testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    ConvCase conv = random_conv(random);
    conv.activation = random_activation(random);
    if (random.coin()) conv.residual = random.tensor(reference(conv).shape());
    const Tensor expected = reference(conv);
    expect_output(fused_case(conv), expected);
    expect_output(nhwc_case(conv), channels_last(expected));
    if (!conv.residual.defined()) continue;
    expect_same_in_place(fused_case(conv), 3);
    expect_same_in_place(nhwc_case(conv), 3);
  }
}

TEST(Conv, NhwcReadsAnNchwInput) {
  for (unsigned seed = 2000; seed < 2100 && !::testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    const ConvCase conv = random_conv(random);
    OpCase test_case = nhwc_case(conv);
    test_case.attributes["x_layout"] = std::string("NCHW");
    test_case.inputs[0] = conv.x;
    expect_output(test_case, channels_last(reference(conv)));
  }
}

TEST(Conv, LongRowsAndManyFilters) {
  Random random(7);
  for (const std::int64_t filters : {1, 3, 4, 7, 16, 33, 64}) {
    ConvCase conv;
    conv.window = {.input = {2, 150},
                   .kernel = {1, 3},
                   .strides = {1, 1},
                   .dilations = {1, 1},
                   .begin = {0, 1},
                   .end = {0, 1}};
    conv.x = random.tensor({1, 9, 2, 150});
    conv.w = random.tensor({filters, 9, 1, 3});
    expect_output(onnx_case(conv), reference(conv));
    expect_output(nhwc_case(conv), channels_last(reference(conv)));
  }
}

// --- Single attributes ---

TEST(Conv, DefaultsAreOneStepAndNoPadding) {
  expect_output({.op = "Conv", .inputs = {ramp({1, 1, 4}), floats({1, 1, 2}, {1, 10})}},
                floats({1, 1, 3}, {10, 21, 32}));
}

TEST(Conv, PaddingMayDifferAtBothEnds) {
  expect_output({.op = "Conv",
                 .attributes = {{"pads", Extents{2, 0}}},
                 .inputs = {floats({1, 1, 2}, {1, 2}), floats({1, 1, 2}, {1, 10})}},
                floats({1, 1, 3}, {0, 10, 21}));
}

TEST(Conv, SameUpperPadsMoreAtTheEnd) {
  expect_output({.op = "Conv",
                 .attributes = {{"auto_pad", std::string("SAME_UPPER")}},
                 .inputs = {floats({1, 1, 2}, {1, 2}), floats({1, 1, 2}, {1, 10})}},
                floats({1, 1, 2}, {21, 2}));
}

TEST(Conv, SameLowerPadsMoreAtTheBeginning) {
  expect_output({.op = "Conv",
                 .attributes = {{"auto_pad", std::string("SAME_LOWER")}},
                 .inputs = {floats({1, 1, 2}, {1, 2}), floats({1, 1, 2}, {1, 10})}},
                floats({1, 1, 2}, {10, 21}));
}

TEST(Conv, TheActivationComesAfterBiasAndResidual) {
  expect_output({.op = "Conv",
                 .domain = "mini_infer",
                 .attributes = {{"activation", std::string("Relu")}},
                 .inputs = {floats({1, 1, 2}, {1, -1}), floats({1, 1, 1}, {2}), floats({1}, {3}),
                            floats({1, 1, 2}, {-10, 10})}},
                floats({1, 1, 2}, {0, 11}));
}

TEST(Conv, InfinityAndNanPassThrough) {
  const float inf = std::numeric_limits<float>::infinity();
  const float nan = std::numeric_limits<float>::quiet_NaN();
  ConvCase conv;
  conv.window = {
      .input = {3}, .kernel = {1}, .strides = {1}, .dilations = {1}, .begin = {0}, .end = {0}};
  conv.x = floats({1, 1, 3}, {inf, nan, 1});
  conv.w = floats({1, 1, 1}, {2});
  const Tensor expected = floats({1, 1, 3}, {inf, nan, 2});
  expect_output(onnx_case(conv), expected);
  expect_output(nhwc_case(conv), channels_last(expected));
}

TEST(Conv, ZeroExtentsAreLegal) {
  expect_output({.op = "Conv", .inputs = {floats({0, 2, 4}, {}), ramp({3, 2, 2})}},
                floats({0, 3, 3}, {}));
  expect_output({.op = "Conv", .inputs = {ramp({1, 2, 4}), floats({0, 2, 2}, {})}},
                floats({1, 0, 3}, {}));
}

TEST(Conv, WithoutChannelsTheBiasIsLeft) {
  ConvCase conv;
  conv.window = {
      .input = {2}, .kernel = {1}, .strides = {1}, .dilations = {1}, .begin = {0}, .end = {0}};
  conv.x = floats({1, 0, 2}, {});
  conv.w = floats({3, 0, 1}, {});
  conv.bias = floats({3}, {5, 6, 7});
  const Tensor expected = floats({1, 3, 2}, {5, 5, 6, 6, 7, 7});
  expect_output(onnx_case(conv), expected);
  expect_output(nhwc_case(conv), channels_last(expected));
}

// --- What is refused ---

void expect_refused(const Attributes& attributes, const std::string& text,
                    std::vector<Tensor> inputs = {ramp({1, 4, 5, 5}), ramp({2, 4, 3, 3})}) {
  SCOPED_TRACE(text);
  expect_failure({.op = "Conv", .attributes = attributes, .inputs = std::move(inputs)},
                 Status::ERROR_INVALID_MODEL, text);
}

TEST(Conv, BadAttributesAreNamed) {
  const std::int64_t huge = std::int64_t{1} << 62;
  expect_refused({{"strides", Extents{0, 1}}}, "strides: 0 is not in [1, ");
  expect_refused({{"strides", Extents{1}}}, "strides: expected 2 numbers, found 1");
  expect_refused({{"dilations", Extents{1, -1}}}, "dilations: -1 is not in [1, ");
  expect_refused({{"dilations", Extents{1, huge}}}, "dilations: " + std::to_string(huge));
  expect_refused({{"pads", Extents{0, 0, 0, -1}}}, "pads: -1 is not in [0, ");
  expect_refused({{"pads", Extents{0, huge, 0, huge}}}, "pads: " + std::to_string(huge));
  expect_refused({{"auto_pad", std::string("SAME")}}, "auto_pad 'SAME' is none of");
  expect_refused({{"kernel_shape", Extents{3, 2}}},
                 "kernel_shape [3,2] is not that of the weights");
  expect_refused({{"dilations", Extents{3, 1}}},
                 "the kernel reaches over 7 elements of spatial axis 0, but the input with its "
                 "padding has 5");
}

TEST(Conv, BadGroupsAreNamed) {
  expect_refused({{"group", std::int64_t{0}}}, "group 0 is not positive");
  expect_refused({{"group", std::int64_t{3}}}, "group 3 does not divide 4 channels and 2 filters");
  expect_refused({{"group", std::int64_t{2}}}, "expected 2 channels per group, found 4");
}

TEST(Conv, BadInputsAreNamed) {
  expect_refused({}, "expected 2 to 3 inputs, found 1", {ramp({1, 4, 5})});
  expect_refused({}, "at least one spatial axis, found [1,4]", {ramp({1, 4}), ramp({2, 4})});
  expect_refused({}, "expected rank 3 as the input has, found [2,4,3,3]",
                 {ramp({1, 4, 5}), ramp({2, 4, 3, 3})});
  expect_refused({}, "bias (input 2): expected [2], found [3]",
                 {ramp({1, 4, 5}), ramp({2, 4, 3}), ramp({3})});
  expect_refused({}, "input 1: expected float32 as input 0 has, found int64",
                 {ramp({1, 1, 1}), int64s({1, 1, 1}, {1})});
  expect_refused({}, "kernel extent 0 of spatial axis 0 is not in [1, ",
                 {ramp({1, 4, 5}), floats({2, 4, 0}, {})});
}

TEST(Conv, UnsupportedIsSaid) {
  expect_failure({.op = "Conv", .inputs = {int32s({1, 1, 1}, {1}), int32s({1, 1, 1}, {1})}},
                 Status::ERROR_UNSUPPORTED, "type int32");
  expect_failure({.op = "Conv", .inputs = {ramp({1, 1, 1, 1, 1, 1}), ramp({1, 1, 1, 1, 1, 1})}},
                 Status::ERROR_UNSUPPORTED, "4 spatial axes");
}

TEST(Conv, BadFusedFormsAreNamed) {
  const auto refuse = [](const Attributes& attributes, std::vector<Tensor> inputs,
                         const std::string& text) {
    expect_failure({.op = "Conv",
                    .domain = "mini_infer",
                    .attributes = attributes,
                    .inputs = std::move(inputs)},
                   Status::ERROR_INVALID_MODEL, text);
  };
  refuse({{"layout", std::string("HWC")}}, {ramp({1, 1, 1}), ramp({1, 1, 1})},
         "layout 'HWC' is neither NCHW nor NHWC");
  refuse({{"layout", std::string("NHWC")}}, {ramp({1, 3, 1}), ramp({1, 1, 1})},
         "weights (input 1): expected a constant where layout is \"NHWC\"");
  refuse({}, {ramp({1, 1, 3}), ramp({2, 1, 1}), Tensor(), ramp({1, 3, 2})},
         "residual (input 3): expected [1,2,3], found [1,3,2]");
}

}  // namespace
}  // namespace mini_infer::test
