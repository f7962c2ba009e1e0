#include <gtest/gtest.h>

#include "core/try.h"
#include "ops/cuda_case.h"
#include "ops/every_type.h"
#include "ops/spatial_case.h"

// What cases of other tests do not reach of the products on CUDA.
namespace mini_infer::test {
namespace {

using core::DataType;
using core::Shape;
using core::Tensor;

void expect_as_on_the_cpu(const OpCase& test_case) {
  const auto expected = run(test_case);
  ASSERT_TRUE(expected.ok()) << expected.status().to_string();
  ASSERT_TRUE(run_on_cuda(test_case).has_value());
  expect_on_cuda(test_case, *expected);
}

// Large results are computed in larger tiles.
TEST(CudaProducts, TilesOfEverySize) {
  Random random(1);
  for (const std::int64_t extent : {100, 800, 1500}) {
    for (const std::int64_t transposed : {0, 1}) {
      const Shape rows{extent - 3, 19};
      const Shape columns{19, extent + 5};
      expect_as_on_the_cpu(
          {.op = "Gemm",
           .attributes = {{"transA", transposed}, {"transB", transposed}},
           .inputs = {random.tensor(transposed ? Shape{rows[1], rows[0]} : rows),
                      random.tensor(transposed ? Shape{columns[1], columns[0]} : columns),
                      random.tensor({extent + 5})}});
    }
  }
}

TEST(CudaProducts, ConvolutionsInTilesOfEverySize) {
  Random random(2);
  for (const std::int64_t extent : {11, 70, 150}) {
    for (const char* layout : {"NCHW", "NHWC"}) {
      const bool last = std::string(layout) == "NHWC";
      const Tensor x = random.tensor({1, 3, extent, extent});
      expect_as_on_the_cpu({.op = "Conv",
                            .domain = "mini_infer",
                            .attributes = {{"layout", std::string(layout)},
                                           {"pads", std::vector<std::int64_t>{1, 1, 1, 1}}},
                            .inputs = {last ? channels_last(x) : x, random.tensor({100, 3, 3, 3}),
                                       random.tensor({100})},
                            .constants = {1}});
    }
  }
}

// Whole numbers, so that their products are exact in any type and order.
Tensor whole(Random& random, const Shape& shape) {
  std::vector<float> values(static_cast<std::size_t>(shape.elements()));
  for (float& value : values) value = static_cast<float>(random.number(-2, 2));
  return floats(shape, values);
}

void expect_in(DataType type, OpCase test_case) {
  SCOPED_TRACE(core::type_name(type));
  const auto expected = run(test_case);
  ASSERT_TRUE(expected.ok()) << expected.status().to_string();
  for (Tensor& input : test_case.inputs) input = in_16_bits(input, type);
  ASSERT_TRUE(run_on_cuda(test_case).has_value());
  expect_on_cuda(test_case, {in_16_bits(expected->front(), type)});
}

struct LastCase {
  std::int64_t channels, filters, groups;
  const char* x_layout = "NHWC";
};

// The CPU serves these in float alone.
TEST(CudaProducts, ChannelsLastIn16Bits) {
  Random random(3);
  for (const LastCase& of : {LastCase{5, 7, 1}, LastCase{16, 16, 16}, LastCase{4, 8, 4},
                             LastCase{4, 36, 2}, LastCase{3, 5, 1, "NCHW"}}) {
    const Tensor x = whole(random, {2, of.channels, 5, 6});
    const OpCase test_case{.op = "Conv",
                           .domain = "mini_infer",
                           .attributes = {{"layout", std::string("NHWC")},
                                          {"x_layout", std::string(of.x_layout)},
                                          {"group", of.groups},
                                          {"pads", std::vector<std::int64_t>{1, 0, 0, 2}},
                                          {"activation", std::string("Relu")}},
                           .inputs = {std::string(of.x_layout) == "NHWC" ? channels_last(x) : x,
                                      whole(random, {of.filters, of.channels / of.groups, 3, 2}),
                                      whole(random, {of.filters})},
                           .constants = {1}};
    expect_in(DataType::kFloat16, test_case);
    expect_in(DataType::kBFloat16, test_case);
  }
}

// Few results of a great depth: it is shared out among the threads of a block.
TEST(CudaProducts, DeepOnes) {
  Random random(5);
  for (const std::int64_t transposed : {0, 1}) {
    const Shape rows{21, 700};
    const Shape columns{700, 37};
    expect_as_on_the_cpu(
        {.op = "Gemm",
         .attributes = {{"transA", transposed}, {"transB", transposed}},
         .inputs = {random.tensor(transposed ? Shape{rows[1], rows[0]} : rows),
                    random.tensor(transposed ? Shape{columns[1], columns[0]} : columns),
                    random.tensor({37})}});
  }
  for (const char* layout : {"NCHW", "NHWC"}) {
    const Tensor x = random.tensor({2, 64, 5, 7});
    expect_as_on_the_cpu({.op = "Conv",
                          .domain = "mini_infer",
                          .attributes = {{"layout", std::string(layout)},
                                         {"pads", std::vector<std::int64_t>{1, 1, 1, 1}},
                                         {"activation", std::string("Relu")}},
                          .inputs = {std::string(layout) == "NHWC" ? channels_last(x) : x,
                                     random.tensor({20, 64, 3, 3}), random.tensor({20})},
                          .constants = {1}});
  }
}

// Of images so large that a thread computes several neighbours.
TEST(CudaProducts, DepthwiseInStrips) {
  Random random(6);
  for (const std::int64_t kernel : {3, 5}) {
    for (const std::int64_t stride : {1, 2}) {
      const Tensor x = random.tensor({1, 64, 181 * stride, 187 * stride});
      const std::int64_t pad = kernel / 2;
      expect_as_on_the_cpu({.op = "Conv",
                            .domain = "mini_infer",
                            .attributes = {{"layout", std::string("NHWC")},
                                           {"group", std::int64_t{64}},
                                           {"strides", std::vector<std::int64_t>{stride, stride}},
                                           {"pads", std::vector<std::int64_t>{pad, pad, pad, pad}},
                                           {"activation", std::string("Clip")},
                                           {"activation_alpha", 0.0f},
                                           {"activation_beta", 6.0f}},
                            .inputs = {channels_last(x), random.tensor({64, 1, kernel, kernel}),
                                       random.tensor({64})},
                            .constants = {1}});
    }
  }
}

// The first layer of a network: from channels first to channels last.
TEST(CudaProducts, StemsIn16Bits) {
  struct Stem {
    std::int64_t channels, filters, kernel, stride, dilation, width;
  };
  Random random(7);
  for (const Stem& stem : {Stem{3, 64, 7, 2, 1, 150}, Stem{3, 32, 3, 2, 1, 19},
                           Stem{1, 72, 5, 1, 2, 70}, Stem{4, 8, 1, 3, 1, 200}}) {
    OpCase test_case{
        .op = "Conv",
        .domain = "mini_infer",
        .attributes = {{"layout", std::string("NHWC")},
                       {"x_layout", std::string("NCHW")},
                       {"strides", std::vector<std::int64_t>{stem.stride, stem.stride}},
                       {"dilations", std::vector<std::int64_t>{stem.dilation, stem.dilation}},
                       {"pads", std::vector<std::int64_t>{1, 3, 0, 2}},
                       {"activation", std::string("Relu")}},
        .inputs = {whole(random, {2, stem.channels, 12, stem.width}),
                   whole(random, {stem.filters, stem.channels, stem.kernel, stem.kernel}),
                   whole(random, {stem.filters})},
        .constants = {1}};
    expect_in(DataType::kFloat16, test_case);
    expect_in(DataType::kBFloat16, test_case);
  }
}

}  // namespace
}  // namespace mini_infer::test
