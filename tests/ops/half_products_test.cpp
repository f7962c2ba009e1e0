#include <gtest/gtest.h>

#include <limits>

#include "ops/every_type.h"
#include "ops/spatial_case.h"

// Products and sums of numbers stored in 16 bits: computed in float and rounded once.
namespace mini_infer::test {
namespace {

using core::DataType;
using core::Shape;
using core::Tensor;

const float kInf = std::numeric_limits<float>::infinity();

// Where odd numbers begin to lie halfway between two of the type.
struct HalfType {
  DataType type;
  float odd_numbers_end;
};
constexpr HalfType kHalfTypes[] = {{DataType::kFloat16, 2048}, {DataType::kBFloat16, 256}};

// The case and its result, both rounded to the type.
void expect_in(DataType type, OpCase test_case, const Tensor& expected) {
  SCOPED_TRACE(core::type_name(type));
  for (Tensor& input : test_case.inputs) {
    if (input.defined()) input = in_16_bits(input, type);
  }
  expect_output(test_case, in_16_bits(expected, type));
  expect_on_every_machine(test_case);
}

void expect_in_both(const OpCase& test_case, const Tensor& expected) {
  for (const HalfType& half : kHalfTypes) expect_in(half.type, test_case, expected);
}

Tensor filled(const Shape& shape, float value) { return ramp(shape, 0, value); }

// 4096 + 1 + 1 + ... is 4096 where each sum is rounded to 16 bits.
TEST(HalfProducts, SumsAreRoundedOnce) {
  std::vector<float> row(65, 1.0f);
  row[0] = 4096;
  const Tensor ones = filled({65, 1}, 1);
  const Tensor sum = floats({1, 1}, {4160});
  expect_in_both({.op = "MatMul", .inputs = {floats({1, 65}, row), ones}}, sum);
  expect_in_both({.op = "Gemm", .inputs = {floats({1, 65}, row), ones}}, sum);
  expect_in_both({.op = "Conv", .inputs = {floats({1, 65, 1}, row), filled({1, 65, 1}, 1)}},
                 floats({1, 1, 1}, {4160}));
  expect_in_both(
      {.op = "ConvTranspose", .inputs = {floats({1, 65, 1}, row), filled({65, 1, 1}, 1)}},
      floats({1, 1, 1}, {4160}));
}

// The sum of products lies halfway; half a unit more, and it is rounded up.
TEST(HalfProducts, BiasAndResidualAreAddedBeforeRounding) {
  for (const auto& [type, even] : kHalfTypes) {
    const Tensor a = floats({1, 2}, {even, 1});
    const Tensor b = filled({2, 1}, 1);
    const Tensor half = floats({1}, {0.5f});
    const Tensor quarter = floats({1}, {0.25f});
    expect_in(type, {.op = "MatMul", .inputs = {a, b}}, floats({1, 1}, {even}));
    expect_in(type, {.op = "Gemm", .inputs = {a, b, half}}, floats({1, 1}, {even + 2}));
    const Tensor residual = quarter.reshaped({1, 1});
    expect_in(type, {.op = "MatMul", .domain = "mini_infer", .inputs = {a, b, quarter, residual}},
              floats({1, 1}, {even + 2}));
    expect_in(type, {.op = "Gemm", .domain = "mini_infer", .inputs = {a, b, quarter, residual}},
              floats({1, 1}, {even + 2}));
    const Tensor x = a.reshaped({1, 2, 1});
    const Tensor w = filled({1, 2, 1}, 1);
    expect_in(type,
              {.op = "Conv",
               .domain = "mini_infer",
               .inputs = {x, w, quarter, quarter.reshaped({1, 1, 1})}},
              floats({1, 1, 1}, {even + 2}));
    expect_in(type, {.op = "ConvTranspose", .inputs = {x, w.reshaped({2, 1, 1}), half}},
              floats({1, 1, 1}, {even + 2}));
  }
}

// Subnormal numbers, too. -0 + 0 is 0.
TEST(HalfProducts, EveryNumberTimesOneIsItself) {
  for (const auto& [type, even] : kHalfTypes) {
    const std::uint16_t infinity = in_16_bits(floats({1}, {kInf}), type).as<std::uint16_t>()[0];
    std::vector<std::uint16_t> bits;
    for (std::uint16_t x = 0; x <= infinity; ++x) {
      bits.push_back(x);
      if (x > 0) bits.push_back(x | 0x8000);
    }
    const Shape shape{static_cast<std::int64_t>(bits.size()), 1};
    const Tensor numbers = Tensor::from<std::uint16_t>(type, shape, bits);
    const OpCase test_case{.op = "MatMul",
                           .inputs = {numbers, in_16_bits(filled({1, 1}, 1), type)}};
    expect_output(test_case, numbers);
    expect_on_every_machine(test_case);
  }
}

TEST(HalfProducts, InfinitiesComeThrough) {
  expect_in_both({.op = "MatMul", .inputs = {floats({1, 2}, {kInf, 1}), filled({2, 3}, 1)}},
                 filled({1, 3}, kInf));
  expect_in_both({.op = "Conv", .inputs = {floats({1, 1, 2}, {-kInf, 1}), filled({1, 1, 1}, 2)}},
                 floats({1, 1, 2}, {-kInf, 2}));
}

TEST(HalfProducts, SumsBeyondTheLargestNumberAreInfinite) {
  expect_in(DataType::kFloat16,
            {.op = "MatMul", .inputs = {filled({1, 2}, 300), filled({2, 1}, 300)}},
            filled({1, 1}, kInf));
  expect_in(DataType::kFloat16,  // what is too large on the way only is not
            {.op = "MatMul", .inputs = {floats({1, 2}, {300, -300}), filled({2, 1}, 300)}},
            filled({1, 1}, 0));
}

// Blocks of rows, of the depth, and panels all end within these. Numbers are small multiples of
// 1/4: every order of a sum is exact.
TEST(HalfProducts, MoreThanOneBlockEachWay) {
  Random random(3);
  for (const Extents& of :
       {Extents{1, 600, 130}, {97, 257, 65}, {200, 3, 7}, {193, 300, 1}, {12, 256, 64}}) {
    SCOPED_TRACE(Shape(of).to_string());
    const Tensor a = random.tensor({of[0], of[1]});
    const Tensor b = random.tensor({of[1], of[2]});
    const auto product = run({.op = "MatMul", .inputs = {a, b}});
    ASSERT_TRUE(product.ok());
    expect_in_both({.op = "MatMul", .inputs = {a, b}}, (*product)[0]);
    expect_in_both({.op = "Gemm",
                    .attributes = {{"transA", std::int64_t{1}}, {"transB", std::int64_t{1}}},
                    .inputs = {transposed(a, {1, 0}), transposed(b, {1, 0})}},
                   (*product)[0]);
  }
}

TEST(HalfProducts, ConvolutionsOfMoreThanOneBlock) {
  Random random(4);
  const OpCase test_case{.op = "Conv",
                         .attributes = {{"pads", Extents{1, 1, 1, 1}},
                                        {"strides", Extents{2, 1}},
                                        {"group", std::int64_t{2}}},
                         .inputs = {random.tensor({2, 60, 9, 11}), random.tensor({194, 30, 3, 3}),
                                    random.tensor({194})}};
  const auto expected = run(test_case);
  ASSERT_TRUE(expected.ok());
  expect_in_both(test_case, (*expected)[0]);
}

// Channels last are for float alone.
TEST(HalfProducts, ConvolutionsWithChannelsLastAreRefused) {
  OpCase test_case{.op = "Conv",
                   .domain = "mini_infer",
                   .attributes = {{"layout", std::string("NHWC")}},
                   .inputs = {filled({1, 2, 1}, 1), filled({1, 1, 1}, 1)},
                   .constants = {1}};
  for (Tensor& input : test_case.inputs) input = in_16_bits(input, DataType::kFloat16);
  expect_failure(test_case, core::Status::ERROR_UNSUPPORTED, "type float16");
}

// --- Attention ---

TEST(HalfProducts, AttentionTakesMasksOfFloats) {
  // In 16 bits both would be 1024.
  OpCase test_case{
      .op = "Attention",
      .opset = 24,
      .inputs = {filled({1, 1, 1, 1}, 0), filled({1, 1, 2, 1}, 0), floats({1, 1, 2, 1}, {0, 1})}};
  for (Tensor& input : test_case.inputs) input = in_16_bits(input, DataType::kBFloat16);
  test_case.inputs.push_back(floats({2}, {1024, 1025}));
  expect_outputs(test_case, {in_16_bits(floats({1, 1, 1, 1}, {0.7310586f}), DataType::kBFloat16)});
}

TEST(HalfProducts, AttentionOfLongVectorsIsComputedInParts) {
  Random random(6);
  expect_in_16_bits({.op = "Attention",
                     .opset = 24,
                     .inputs = {random.tensor({1, 1, 2, 4}), random.tensor({1, 1, 3, 4}),
                                random.tensor({1, 1, 3, 2500})}});
}

TEST(HalfProducts, AttentionIsSharedOutAmongThreads) {
  Random random(5);
  OpCase test_case{.op = "Attention",
                   .opset = 24,
                   .inputs = {random.tensor({2, 2, 9, 8}), random.tensor({2, 2, 70, 8}),
                              random.tensor({2, 2, 70, 5})}};
  expect_in_16_bits(test_case);
  for (Tensor& input : test_case.inputs) input = in_16_bits(input, DataType::kBFloat16);
  expect_on_every_machine(test_case);
}

TEST(HalfProducts, AttentionOfTwoTypesIsRefused) {
  OpCase test_case{
      .op = "Attention",
      .opset = 24,
      .inputs = {filled({1, 1, 1, 1}, 0), filled({1, 1, 2, 1}, 0), filled({1, 1, 2, 1}, 0)}};
  test_case.inputs[0] = in_16_bits(test_case.inputs[0], DataType::kFloat16);
  expect_failure(test_case, core::Status::ERROR_UNSUPPORTED, "type float32");
}

}  // namespace
}  // namespace mini_infer::test
