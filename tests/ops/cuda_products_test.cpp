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

}  // namespace
}  // namespace mini_infer::test
