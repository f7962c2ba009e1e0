#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "ops/cpu_case.h"
#include "ops/every_type.h"
#include "ops/spatial_case.h"

namespace mini_infer::test {
namespace {

using core::DataType;
using core::Shape;
using core::Status;
using core::Tensor;
using Attributes = std::map<std::string, graph::Attribute, std::less<>>;

const float kNan = std::numeric_limits<float>::quiet_NaN();
const float kInf = std::numeric_limits<float>::infinity();

// --- A plain pooling in double ---

struct PoolCase {
  SlidingCase window;
  bool count_include_pad = false;
  Tensor x;  // NCHW
};

PoolCase random_pool(Random& random) {
  PoolCase pool;
  const int rank = static_cast<int>(random.number(1, 3));
  pool.window = random_sliding_case(random, rank, true);
  pool.count_include_pad = random.coin();
  Extents x = {random.number(1, 2), random.number(1, 40)};
  x.insert(x.end(), pool.window.input.begin(), pool.window.input.end());
  pool.x = random.tensor(Shape(x));
  return pool;
}

// What lies under one window: flat input indices, and how many taps are on the padded input.
struct Under {
  std::vector<std::int64_t> inputs;
  std::int64_t padded = 0;
};

// The outputs that `reduce` makes of each window.
Tensor reference(const PoolCase& pool, const std::function<float(const Under&)>& reduce) {
  Extents output = {pool.x.shape()[0], pool.x.shape()[1]};
  for (std::int64_t extent : pool.window.output()) output.push_back(extent);
  std::vector<float> y;
  for_each_index(output, [&](const Extents& at) {
    const Extents pixel(at.begin() + 2, at.end());
    Under under;
    for_each_index(pool.window.kernel, [&](const Extents& tap) {
      if (pool.window.on_padded(pixel, tap)) ++under.padded;
      Extents from;
      if (!pool.window.under(pixel, tap, from)) return;
      from.insert(from.begin(), {at[0], at[1]});
      under.inputs.push_back(flat_index(pool.x.shape().dims(), from));
    });
    y.push_back(reduce(under));
  });
  return floats(Shape(output), std::move(y));
}

Tensor max_reference(const PoolCase& pool) {
  return reference(pool, [&](const Under& under) {
    float largest = -kInf;
    for (std::int64_t i : under.inputs) largest = std::max(largest, pool.x.as<float>()[i]);
    return largest;
  });
}

Tensor average_reference(const PoolCase& pool) {
  return reference(pool, [&](const Under& under) {
    double sum = 0;
    for (std::int64_t i : under.inputs) sum += static_cast<double>(pool.x.as<float>()[i]);
    const auto count =
        pool.count_include_pad ? under.padded : static_cast<std::int64_t>(under.inputs.size());
    return static_cast<float>(sum / static_cast<double>(count));
  });
}

void expect_in_both_layouts(const std::string& op, const Attributes& attributes, const Tensor& x,
                            const Tensor& expected) {
  SCOPED_TRACE(op);
  expect_output({.op = op, .attributes = attributes, .inputs = {x}}, expected);
  Attributes nhwc = attributes;
  nhwc["layout"] = std::string("NHWC");
  expect_output(
      {.op = op, .domain = "mini_infer", .attributes = nhwc, .inputs = {channels_last(x)}},
      channels_last(expected));
}

TEST(Pool, RandomGeometries) {
  for (unsigned seed = 0; seed < 500 && !::testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    const PoolCase pool = random_pool(random);
    Attributes attributes = pool.window.attributes();
    expect_in_both_layouts("MaxPool", attributes, pool.x, max_reference(pool));
    attributes["count_include_pad"] = std::int64_t{pool.count_include_pad};
    expect_in_both_layouts("AveragePool", attributes, pool.x, average_reference(pool));
  }
}

TEST(Pool, EveryInstructionSet) {
  for (unsigned seed = 600; seed < 640 && !::testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    const PoolCase pool = random_pool(random);
    OpCase test_case{.op = "MaxPool",
                     .domain = "mini_infer",
                     .attributes = pool.window.attributes(),
                     .inputs = {channels_last(pool.x)}};
    test_case.attributes["layout"] = std::string("NHWC");
    expect_on_cpu(test_case, channels_last(max_reference(pool)));
    test_case.op = "AveragePool";
    test_case.attributes["count_include_pad"] = std::int64_t{pool.count_include_pad};
    expect_on_cpu(test_case, channels_last(average_reference(pool)));
  }
}

TEST(Pool, EveryInstructionSetKeepsANan) {
  for (const std::size_t at : {0, 1, 3}) {  // first, in the middle, last
    std::vector<float> values = {1, 2, 3, 4};
    values[at] = kNan;
    expect_on_cpu({.op = "GlobalMaxPool",
                   .domain = "mini_infer",
                   .attributes = {{"layout", std::string("NHWC")}},
                   .inputs = {channels_last(floats(
                       {1, 2, 4}, {1, 2, 3, 4, values[0], values[1], values[2], values[3]}))}},
                  floats({1, 1, 2}, {4, kNan}));
  }
}

TEST(Pool, RandomIndicesPointAtTheMaximum) {
  for (unsigned seed = 0; seed < 200 && !::testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    const PoolCase pool = random_pool(random);
    const OpCase test_case{
        .op = "MaxPool", .attributes = pool.window.attributes(), .inputs = {pool.x}, .outputs = 2};
    expect_in_16_bits(test_case);
    const auto outputs = run(test_case);
    ASSERT_TRUE(outputs.ok()) << outputs.status().to_string();
    const auto values = outputs.value()[0].as<float>();
    const auto indices = outputs.value()[1].as<std::int64_t>();
    ASSERT_EQ(outputs.value()[1].shape(), outputs.value()[0].shape());
    const auto expected = max_reference(pool);
    for (std::size_t i = 0; i < values.size(); ++i) {
      EXPECT_EQ(values[i], expected.as<float>()[i]);
      EXPECT_EQ(values[i], pool.x.as<float>()[indices[i]]);
    }
  }
}

TEST(Pool, GlobalsReduceTheWholeImage) {
  Random random(3);
  for (const Shape& shape : {Shape{2, 3, 5}, Shape{1, 20, 4, 3}, Shape{2, 17, 2, 3, 2}}) {
    PoolCase pool;
    pool.x = random.tensor(shape);
    pool.window.input.assign(shape.begin() + 2, shape.end());
    pool.window.kernel = pool.window.input;
    pool.window.strides.assign(pool.window.input.size(), 1);
    pool.window.dilations = pool.window.strides;
    pool.window.begin.assign(pool.window.input.size(), 0);
    pool.window.end = pool.window.begin;
    expect_in_both_layouts("GlobalMaxPool", {}, pool.x, max_reference(pool));
    expect_in_both_layouts("GlobalAveragePool", {}, pool.x, average_reference(pool));
  }
}

TEST(Pool, AGlobalAverageOfAMillionElementsIsExact) {
  const Tensor x = floats({1, 1, 1000000}, std::vector<float>(1000000, 0.1f));
  expect_output({.op = "GlobalAveragePool", .inputs = {x}}, floats({1, 1, 1}, {0.1f}));
}

TEST(Pool, LpNorms) {
  const Tensor x = floats({1, 1, 4}, {3, -4, 0, 2});
  expect_output({.op = "LpPool", .attributes = {{"kernel_shape", Extents{2}}}, .inputs = {x}},
                floats({1, 1, 3}, {5, 4, 2}));
  expect_output({.op = "LpPool",
                 .attributes = {{"kernel_shape", Extents{2}}, {"p", std::int64_t{1}}},
                 .inputs = {x}},
                floats({1, 1, 3}, {7, 4, 2}));
  expect_output({.op = "GlobalLpPool", .attributes = {{"p", std::int64_t{1}}}, .inputs = {x}},
                floats({1, 1, 1}, {9}));
}

// --- MaxPool ---

TEST(MaxPool, CeilModeKeepsTheLastWindowThatBeginsOnTheInput) {
  const Attributes ceil = {
      {"kernel_shape", Extents{3}}, {"strides", Extents{2}}, {"ceil_mode", std::int64_t{1}}};
  expect_output({.op = "MaxPool", .attributes = ceil, .inputs = {ramp({1, 1, 4})}},
                floats({1, 1, 2}, {2, 3}));
  const Attributes in_padding = {{"kernel_shape", Extents{2}},
                                 {"strides", Extents{3}},
                                 {"pads", Extents{1, 1}},
                                 {"ceil_mode", std::int64_t{1}}};
  expect_output({.op = "MaxPool", .attributes = in_padding, .inputs = {ramp({1, 1, 2})}},
                floats({1, 1, 1}, {0}));
}

TEST(MaxPool, PaddingNeverWins) {
  const Attributes attributes = {{"kernel_shape", Extents{2}}, {"pads", Extents{1, 1}}};
  expect_output({.op = "MaxPool", .attributes = attributes, .inputs = {floats({1, 1, 1}, {-5})}},
                floats({1, 1, 2}, {-5, -5}));
}

TEST(MaxPool, AWindowOfPaddingIsTheLowestNumber) {
  const Attributes attributes = {{"kernel_shape", Extents{1}}, {"pads", Extents{1, 0}}};
  expect_output({.op = "MaxPool", .attributes = attributes, .inputs = {floats({1, 1, 1}, {7})}},
                floats({1, 1, 2}, {-kInf, 7}));
}

TEST(MaxPool, NanWins) {
  const Attributes attributes = {{"kernel_shape", Extents{2}}};
  const Tensor x = floats({1, 1, 5}, {1, kNan, 3, -kInf, -kInf});
  const Tensor expected = floats({1, 1, 4}, {kNan, kNan, 3, -kInf});
  expect_output({.op = "MaxPool", .attributes = attributes, .inputs = {x}}, expected);
  const auto outputs =
      run({.op = "MaxPool", .attributes = attributes, .inputs = {x}, .outputs = 2});
  const auto indices = outputs.value()[1].as<std::int64_t>();
  EXPECT_EQ(std::vector<std::int64_t>(indices.begin(), indices.end()),
            (std::vector<std::int64_t>{1, 1, 2, 3}));
}

std::vector<std::int64_t> indices_of(const Attributes& attributes, const Tensor& x) {
  const auto outputs =
      run({.op = "MaxPool", .attributes = attributes, .inputs = {x}, .outputs = 2});
  const auto indices = outputs.value()[1].as<std::int64_t>();
  return {indices.begin(), indices.end()};
}

TEST(MaxPool, IndicesCountTheWholeTensor) {
  const Attributes attributes = {{"kernel_shape", Extents{2, 2}}};
  EXPECT_EQ(indices_of(attributes, ramp({1, 2, 2, 3})), (Extents{4, 5, 10, 11}));
}

TEST(MaxPool, IndicesMayBeColumnMajor) {
  const Attributes attributes = {{"kernel_shape", Extents{2, 2}},
                                 {"storage_order", std::int64_t{1}}};
  EXPECT_EQ(indices_of(attributes, ramp({1, 2, 2, 3})), (Extents{3, 5, 9, 11}));
}

TEST(MaxPool, EightBitIntegers) {
  const Attributes attributes = {{"kernel_shape", Extents{2}}, {"pads", Extents{1, 0}}};
  const std::int8_t small[] = {-3, -2, 5};
  const std::int8_t largest[] = {-3, -2, 5};
  expect_output({.op = "MaxPool",
                 .attributes = attributes,
                 .inputs = {Tensor::from<std::int8_t>(DataType::kInt8, Shape{1, 1, 3}, small)}},
                Tensor::from<std::int8_t>(DataType::kInt8, Shape{1, 1, 3}, largest));
  const std::uint8_t bytes[] = {200, 100};
  const std::uint8_t largest_bytes[] = {200, 200};
  expect_output({.op = "MaxPool",
                 .attributes = attributes,
                 .inputs = {Tensor::from<std::uint8_t>(DataType::kUInt8, Shape{1, 1, 2}, bytes)}},
                Tensor::from<std::uint8_t>(DataType::kUInt8, Shape{1, 1, 2}, largest_bytes));
}

// --- AveragePool ---

TEST(AveragePool, CountsThePaddingOnRequest) {
  Attributes attributes = {{"kernel_shape", Extents{2}}, {"pads", Extents{1, 0}}};
  const Tensor x = floats({1, 1, 2}, {4, 8});
  expect_output({.op = "AveragePool", .attributes = attributes, .inputs = {x}},
                floats({1, 1, 2}, {4, 6}));
  attributes["count_include_pad"] = std::int64_t{1};
  expect_output({.op = "AveragePool", .attributes = attributes, .inputs = {x}},
                floats({1, 1, 2}, {2, 6}));
}

TEST(AveragePool, WhatSticksOutOfThePaddingIsNeverCounted) {
  const Attributes attributes = {{"kernel_shape", Extents{2}},
                                 {"strides", Extents{2}},
                                 {"ceil_mode", std::int64_t{1}},
                                 {"count_include_pad", std::int64_t{1}}};
  expect_output(
      {.op = "AveragePool", .attributes = attributes, .inputs = {floats({1, 1, 3}, {2, 4, 6})}},
      floats({1, 1, 2}, {3, 6}));
}

TEST(AveragePool, SixteenBitsAreRoundedOnce) {
  struct Case {
    DataType type;
    float step;  // 1 + step follows 1
  };
  for (const Case& c : {Case{DataType::kFloat16, 0x1p-10f}, Case{DataType::kBFloat16, 0x1p-7f}}) {
    const DataType type = c.type;
    const float step = c.step;
    SCOPED_TRACE(core::type_name(type));
    const auto expect_average = [&](std::vector<float> x, float average) {
      expect_output({.op = "GlobalAveragePool", .inputs = {in_16_bits(floats({1, 1, 4}, x), type)}},
                    in_16_bits(floats({1, 1, 1}, {average}), type));
    };
    // A sum in the stored type stays at `large`: it loses both ones.
    const float large = 2 / step;
    expect_average({large, 1, 1, 2}, large / 4 + 1);
    // A float has no place for the last element, and would lie in the middle of 1 and 1 + step.
    expect_average({4, 2 * step, 0x1p-22f, 0}, 1 + step);
  }
}

// --- What is refused ---

TEST(Pool, ZeroExtentsAreLegal) {
  expect_output({.op = "MaxPool",
                 .attributes = {{"kernel_shape", Extents{2}}},
                 .inputs = {floats({0, 3, 4}, {})}},
                floats({0, 3, 3}, {}));
  const std::int64_t long_row = std::int64_t{1} << 40;
  expect_output({.op = "MaxPool",
                 .domain = "mini_infer",
                 .attributes = {{"kernel_shape", Extents{1}}, {"layout", std::string("NHWC")}},
                 .inputs = {floats({1, long_row, 0}, {})}},
                floats({1, long_row, 0}, {}));
  expect_output({.op = "GlobalMaxPool", .inputs = {floats({1, 1, 0}, {})}},
                floats({1, 1, 1}, {-kInf}));
}

TEST(Pool, BadNodesAreNamed) {
  const auto refuse = [](const Attributes& attributes, std::vector<Tensor> inputs,
                         const std::string& text) {
    expect_failure({.op = "MaxPool", .attributes = attributes, .inputs = std::move(inputs)},
                   Status::ERROR_INVALID_MODEL, text);
  };
  refuse({}, {ramp({1, 1, 2})}, "kernel_shape is missing");
  refuse({{"kernel_shape", Extents{2, 2}}}, {ramp({1, 1, 2})}, "a kernel of 2 axes");
  refuse({{"kernel_shape", Extents{-1}}}, {ramp({1, 1, 2})}, "kernel extent -1");
  refuse({{"kernel_shape", Extents{3}}}, {ramp({1, 1, 2})}, "the kernel reaches over 3 elements");
  refuse({{"kernel_shape", Extents{1}}}, {ramp({1, 1})}, "at least one spatial axis, found [1,1]");
  refuse({{"kernel_shape", Extents{1}}}, {}, "expected 1 inputs, found 0");
}

TEST(Pool, TheNormIsPositive) {
  expect_failure({.op = "LpPool",
                  .attributes = {{"kernel_shape", Extents{1}}, {"p", std::int64_t{0}}},
                  .inputs = {ramp({1, 1, 1})}},
                 Status::ERROR_INVALID_MODEL, "p 0 is not positive");
}

TEST(Pool, UnsupportedIsSaid) {
  expect_failure({.op = "AveragePool",
                  .attributes = {{"kernel_shape", Extents{1}}},
                  .inputs = {int64s({1, 1, 1}, {1})}},
                 Status::ERROR_UNSUPPORTED, "type int64");
  expect_failure({.op = "MaxPool",
                  .domain = "mini_infer",
                  .attributes = {{"kernel_shape", Extents{1}}, {"layout", std::string("NHWC")}},
                  .inputs = {ramp({1, 1, 1})},
                  .outputs = 2},
                 Status::ERROR_UNSUPPORTED, "Indices in layout NHWC");
}

}  // namespace
}  // namespace mini_infer::test
