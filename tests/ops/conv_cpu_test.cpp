#include <gtest/gtest.h>

#include <cmath>

#include "ops/conv_case.h"
#include "ops/cpu_case.h"
#include "ops/in_place.h"

// Every way in which the CPU computes a convolution with channels last, on every instruction set.
namespace mini_infer::test {
namespace {

using core::Shape;
using core::Tensor;
using Kind = ops::Activation::Kind;

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

struct Sizes {
  std::int64_t batch = 1, channels = 1, filters = 1, group = 1;
};

ConvCase conv_of(const SlidingCase& window, const Sizes& sizes, unsigned seed = 1) {
  Random random(seed);
  ConvCase conv{.window = window,
                .group = sizes.group,
                .x = {},
                .w = {},
                .bias = {},
                .residual = {},
                .activation = {}};
  Extents x = {sizes.batch, sizes.channels};
  Extents w = {sizes.filters, sizes.channels / sizes.group};
  x.insert(x.end(), window.input.begin(), window.input.end());
  w.insert(w.end(), window.kernel.begin(), window.kernel.end());
  conv.x = random.fractions(Shape(x));
  conv.w = random.fractions(Shape(w));
  conv.bias = random.fractions(Shape{sizes.filters});
  return conv;
}

Tensor with_element(const Tensor& tensor, std::size_t at, float value) {
  const auto values = tensor.as<float>();
  std::vector<float> changed(values.begin(), values.end());
  changed[at] = value;
  return floats(tensor.shape(), std::move(changed));
}

void add_residual(ConvCase& conv) { conv.residual = Random(2).fractions(reference(conv).shape()); }

void expect_nhwc(const ConvCase& conv, const std::vector<std::size_t>& workspaces = {0}) {
  expect_on_cpu(nhwc_case(conv), channels_last(reference(conv)), workspaces);
}

SlidingCase square(std::int64_t kernel, std::int64_t stride, std::int64_t dilation, Extents input) {
  const std::int64_t half = (kernel - 1) * dilation / 2;
  return {.input = std::move(input),
          .kernel = {kernel, kernel},
          .strides = {stride, stride},
          .dilations = {dilation, dilation},
          .begin = {half, half},
          .end = {half, half}};
}

std::string form_of_weights(const OpCase& test_case, const cpu::BackendOptions& options = {},
                            std::size_t workspace_bytes = 0) {
  const graph::Graph graph = graph_of(test_case);
  const auto backend = cpu::make_backend(options);
  const auto kernel =
      (*backend)->bind(ops::NodeView(graph, 0), {.workspace_bytes = workspace_bytes});
  EXPECT_TRUE(kernel.ok()) << kernel.status().to_string();
  return kernel->packed.at(0).form;
}

// --- Depthwise ---

TEST(DepthwiseConv, KernelsStridesAndDilations) {
  for (const std::int64_t kernel : {1, 2, 3, 5, 7}) {
    for (const std::int64_t stride : {1, 2, 3}) {
      for (const std::int64_t dilation : {1, 2}) {
        SCOPED_TRACE(std::to_string(kernel) + " stride " + std::to_string(stride) + " dilation " +
                     std::to_string(dilation));
        expect_nhwc(conv_of(square(kernel, stride, dilation, {14, 17}),
                            {.channels = 35, .filters = 35, .group = 35}));
      }
    }
  }
}

TEST(DepthwiseConv, ChannelsThatDoNotFillAVector) {
  for (const std::int64_t channels : {2, 3, 4, 7, 8, 15, 16, 17, 32, 40}) {
    SCOPED_TRACE(channels);
    expect_nhwc(
        conv_of(square(3, 1, 1, {6, 11}),
                {.batch = 2, .channels = channels, .filters = channels, .group = channels}));
  }
}

TEST(DepthwiseConv, ImagesSmallerThanTheKernel) {
  for (const std::int64_t extent : {1, 2, 3, 4}) {
    SCOPED_TRACE(extent);
    expect_nhwc(
        conv_of(square(5, 1, 1, {extent, extent}), {.channels = 18, .filters = 18, .group = 18}));
  }
}

TEST(DepthwiseConv, PaddingThatDiffersAtTheEnds) {
  SlidingCase window = square(3, 2, 1, {9, 12});
  window.begin = {0, 2};
  window.end = {2, 0};
  expect_nhwc(conv_of(window, {.channels = 20, .filters = 20, .group = 20}));
}

TEST(DepthwiseConv, ThreeSpatialAxes) {
  const SlidingCase window{.input = {5, 6, 7},
                           .kernel = {3, 2, 3},
                           .strides = {2, 1, 1},
                           .dilations = {1, 2, 1},
                           .begin = {1, 1, 1},
                           .end = {1, 0, 1}};
  expect_nhwc(conv_of(window, {.batch = 2, .channels = 19, .filters = 19, .group = 19}));
}

TEST(DepthwiseConv, ResidualAndActivations) {
  for (const ops::Activation& activation : {ops::Activation{.kind = Kind::kRelu},
                                            {.kind = Kind::kClip, .alpha = -0.5f, .beta = 0.5f},
                                            {.kind = Kind::kHardSwish},
                                            {.kind = Kind::kSigmoid}}) {
    ConvCase conv = conv_of(square(3, 1, 1, {7, 9}), {.channels = 21, .filters = 21, .group = 21});
    add_residual(conv);
    conv.activation = activation;
    expect_nhwc(conv);
  }
}

TEST(DepthwiseConv, SeveralFiltersForAChannel) {
  expect_nhwc(conv_of(square(3, 1, 1, {6, 7}), {.channels = 6, .filters = 18, .group = 6}));
}

TEST(DepthwiseConv, ReluKeepsANan) {
  ConvCase conv = conv_of(square(3, 1, 1, {5, 6}), {.channels = 17, .filters = 17, .group = 17});
  conv.activation.kind = Kind::kRelu;
  conv.x = with_element(conv.x, 40, kNan);
  expect_nhwc(conv);
}

// --- Winograd ---

// Room for one thread of the cases below, for two, and for all.
const std::vector<std::size_t> kRoom = {400'000, 700'000, 4'000'000};

bool takes_winograd(const OpCase& test_case, const cpu::BackendOptions& options,
                    std::size_t workspace_bytes) {
  const std::string form = form_of_weights(test_case, options, workspace_bytes);
  return form.find("Winograd") != std::string::npos;
}

void expect_winograd(const ConvCase& conv) {
  ASSERT_TRUE(takes_winograd(nhwc_case(conv), {}, kRoom[0]));
  expect_nhwc(conv, kRoom);
}

TEST(WinogradConv, WholeTiles) {
  expect_winograd(conv_of(square(3, 1, 1, {8, 8}), {.channels = 64, .filters = 64}));
}

TEST(WinogradConv, OddExtentsChannelsAndFilters) {
  for (const Extents& input : {Extents{2, 3}, {3, 3}, {7, 7}, {9, 14}, {15, 4}}) {
    SCOPED_TRACE(Shape(input).to_string());
    expect_winograd(conv_of(square(3, 1, 1, input), {.channels = 35, .filters = 45}));
  }
}

TEST(WinogradConv, ManyBlocksOfABatch) {
  expect_winograd(conv_of(square(3, 1, 1, {15, 17}), {.batch = 3, .channels = 33, .filters = 32}));
}

TEST(WinogradConv, FewTilesOfManyFilters) {
  expect_winograd(conv_of(square(3, 1, 1, {4, 4}), {.channels = 130, .filters = 300}));
}

TEST(WinogradConv, AnyPadding) {
  for (const std::int64_t begin : {0, 1, 2}) {
    for (const std::int64_t end : {0, 1, 2}) {
      SlidingCase window = square(3, 1, 1, {6, 7});
      window.begin = {begin, end};
      window.end = {end, begin};
      expect_winograd(conv_of(window, {.channels = 32, .filters = 36}));
    }
  }
}

TEST(WinogradConv, ResidualAndActivations) {
  for (const Kind kind : {Kind::kNone, Kind::kRelu, Kind::kHardSwish}) {
    ConvCase conv = conv_of(square(3, 1, 1, {7, 6}), {.channels = 32, .filters = 50});
    add_residual(conv);
    conv.activation.kind = kind;
    expect_winograd(conv);
  }
}

TEST(WinogradConv, ANanReachesEveryOutputThatSeesIt) {
  ConvCase conv = conv_of(square(3, 1, 1, {5, 5}), {.channels = 32, .filters = 32});
  conv.activation.kind = Kind::kRelu;
  conv.x = with_element(conv.x, 12, kNan);  // the middle of channel 0
  const auto y = run_on_cpu(nhwc_case(conv), {.workspace_bytes = kRoom[0]});
  ASSERT_TRUE(y.ok()) << y.status().to_string();
  const Tensor expected = channels_last(reference(conv));
  for (std::size_t i = 0; i < expected.as<float>().size(); ++i) {
    if (!std::isnan(expected.as<float>()[i])) continue;
    EXPECT_TRUE(std::isnan(y->as<float>()[i])) << i;
  }
}

TEST(WinogradConv, OnlyWhereItServesAndHasRoom) {
  const Sizes sizes{.channels = 32, .filters = 32};
  const auto takes = [](const ConvCase& conv, std::size_t bytes = kRoom[0]) {
    return takes_winograd(nhwc_case(conv), {}, bytes);
  };
  const ConvCase conv = conv_of(square(3, 1, 1, {6, 6}), sizes);
  EXPECT_TRUE(takes(conv));
  EXPECT_FALSE(takes(conv, 1000));
  EXPECT_FALSE(takes_winograd(nhwc_case(conv), {.winograd = false}, kRoom[0]));
  EXPECT_FALSE(takes(conv_of(square(3, 1, 1, {1, 1}), sizes)));  // 16 products, not 9
  EXPECT_FALSE(takes(conv_of(square(3, 2, 1, {6, 6}), sizes)));
  EXPECT_FALSE(takes(conv_of(square(3, 1, 2, {6, 6}), sizes)));
  EXPECT_FALSE(takes(conv_of(square(5, 1, 1, {6, 6}), sizes)));
  EXPECT_FALSE(
      takes(conv_of(square(3, 1, 1, {6, 6}), {.channels = 64, .filters = 64, .group = 2})));
  EXPECT_FALSE(takes(conv_of(square(3, 1, 1, {6, 6}), {.channels = 8, .filters = 64})));
}

// --- As a matrix product ---

void expect_from_nchw(const ConvCase& conv) {
  OpCase test_case = nhwc_case(conv);
  test_case.attributes["x_layout"] = std::string("NCHW");
  test_case.inputs[0] = conv.x;
  expect_on_cpu(test_case, channels_last(reference(conv)));
}

TEST(GemmConv, FirstConvolutionsOfNetworks) {
  for (const std::int64_t kernel : {3, 5, 7, 8, 9, 11}) {
    SCOPED_TRACE(kernel);
    expect_from_nchw(
        conv_of(square(kernel, 2, 1, {31, 33}), {.batch = 2, .channels = 3, .filters = 37}));
  }
}

TEST(GemmConv, DilatedWindowsOfNchw) {
  expect_from_nchw(conv_of(square(3, 1, 2, {12, 13}), {.channels = 4, .filters = 9}));
}

TEST(GemmConv, ProductsOfManySizes) {
  for (const std::int64_t channels : {1, 16, 24, 100}) {
    for (const std::int64_t filters : {1, 15, 17, 33, 64}) {
      SCOPED_TRACE(std::to_string(channels) + " to " + std::to_string(filters));
      ConvCase conv = conv_of(square(1, 1, 1, {13, 17}),
                              {.batch = 2, .channels = channels, .filters = filters});
      add_residual(conv);
      conv.activation.kind = Kind::kRelu;
      expect_nhwc(conv);
    }
  }
}

// Else the second one would find the weights of the first where they hold the same bytes.
TEST(GemmConv, EqualBytesOfAnotherShapeAreAnotherForm) {
  const auto form = [](std::int64_t kernel, std::int64_t channels) {
    return form_of_weights(
        nhwc_case(conv_of(square(kernel, 1, 1, {6, 6}), {.channels = channels, .filters = 24})));
  };
  EXPECT_NE(form(3, 40), form(1, 360));
  const auto depthwise = [](std::int64_t kernel, std::int64_t channels) {
    return form_of_weights(
        nhwc_case(conv_of(square(kernel, 1, 1, {6, 6}),
                          {.channels = channels, .filters = channels, .group = channels})));
  };
  EXPECT_NE(depthwise(3, 4), depthwise(1, 36));
}

// More positions than addresses of rows are kept at a time: the residual must outlive the parts.
TEST(GemmConv, LargeKernelsOverTheirResidual) {
  ConvCase conv = conv_of(square(21, 1, 1, {5, 6}), {.channels = 8, .filters = 40});
  add_residual(conv);
  conv.activation.kind = Kind::kRelu;
  expect_nhwc(conv);
  expect_same_in_place(nhwc_case(conv), 3);
}

TEST(GemmConv, StridesKernelsAndGroups) {
  expect_nhwc(conv_of(square(1, 2, 1, {9, 10}), {.batch = 2, .channels = 40, .filters = 40}));
  expect_nhwc(conv_of(square(3, 2, 1, {9, 10}), {.channels = 12, .filters = 40}));
  expect_nhwc(conv_of(square(3, 1, 2, {9, 10}), {.channels = 9, .filters = 40}));
  expect_nhwc(conv_of(square(3, 1, 1, {9, 10}), {.channels = 3, .filters = 20}));
  expect_nhwc(conv_of(square(3, 1, 1, {9, 10}), {.channels = 36, .filters = 12, .group = 3}));
}

}  // namespace
}  // namespace mini_infer::test
