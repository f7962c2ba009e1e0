#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "ops/cuda_case.h"
#include "ops/every_type.h"
#include "ops/spatial_case.h"

// Attention of 16-bit elements, which CUDA computes on tensor cores.
namespace mini_infer::test {
namespace {

using core::DataType;
using core::Shape;
using core::Tensor;

constexpr DataType kHalfTypes[] = {DataType::kFloat16, DataType::kBFloat16};

struct Extents4 {
  std::int64_t batch, heads, key_heads, queries, keys, size, value_size;
};

OpCase attention(const Extents4& of, std::uint32_t seed) {
  Random random(seed);
  return {.op = "Attention",
          .opset = 25,
          .inputs = {random.tensor({of.batch, of.heads, of.queries, of.size}),
                     random.tensor({of.batch, of.key_heads, of.keys, of.size}),
                     random.tensor({of.batch, of.key_heads, of.keys, of.value_size})}};
}

// Within what rounding the weights to the type makes of the CPU's, which stay float.
void expect_near(const Tensor& actual, const Tensor& expected) {
  const float unit = expected.type() == DataType::kFloat16 ? 0x1p-10f : 0x1p-7f;
  const Tensor widened = in_32_bits(actual), exact = in_32_bits(expected);
  const auto a = widened.as<float>();
  const auto e = exact.as<float>();
  ASSERT_EQ(a.size(), e.size());
  float largest = 0;
  for (const float number : e) largest = std::max(largest, std::fabs(number));
  for (std::size_t i = 0; i < e.size(); ++i) {
    ASSERT_NEAR(a[i], e[i], 2 * unit * largest) << "element " << i;
  }
}

void expect_in_halves(const OpCase& float_case) {
  for (const DataType type : kHalfTypes) {
    OpCase test_case = float_case;
    for (Tensor& input : test_case.inputs) {
      if (input.defined() && input.type() == DataType::kFloat32) input = in_16_bits(input, type);
    }
    SCOPED_TRACE(core::type_name(type));
    const auto on_cuda = run_on_cuda(test_case);
    if (!on_cuda) GTEST_SKIP() << "without CUDA";
    const auto on_cpu = run(test_case);
    ASSERT_TRUE(on_cuda->ok()) << on_cuda->status().to_string();
    ASSERT_TRUE(on_cpu.ok()) << on_cpu.status().to_string();
    for (std::size_t slot = 0; slot < on_cpu->size(); ++slot) {
      expect_near((**on_cuda)[slot], (*on_cpu)[slot]);
    }
  }
}

TEST(CudaAttention, VectorsOfEverySize) {
  for (const std::int64_t size : {8, 16, 24, 64, 72, 128, 136}) {
    SCOPED_TRACE(size);
    expect_in_halves(attention({1, 2, 2, 20, 33, size, size}, 1));
  }
}

TEST(CudaAttention, ValuesOfAnotherSize) {
  expect_in_halves(attention({1, 2, 2, 17, 40, 16, 96}, 2));
  expect_in_halves(attention({1, 2, 2, 17, 40, 80, 8}, 3));
}

TEST(CudaAttention, MoreThanOneBlockOfQueriesAndKeys) {
  expect_in_halves(attention({2, 2, 1, 70, 130, 16, 16}, 4));
}

TEST(CudaAttention, SizesThatAreNoWholePacks) {
  expect_in_halves(attention({1, 2, 2, 20, 33, 12, 12}, 5));
  expect_in_halves(attention({1, 2, 2, 20, 33, 16, 10}, 6));
}

TEST(CudaAttention, CausalWithWindowsAndACap) {
  OpCase test_case = attention({1, 4, 2, 70, 70, 16, 16}, 7);
  test_case.attributes = {
      {"is_causal", std::int64_t{1}}, {"left_window_size", std::int64_t{20}}, {"softcap", 2.0f}};
  expect_in_halves(test_case);
}

TEST(CudaAttention, AMaskOfFloats) {
  OpCase test_case = attention({2, 2, 2, 20, 40, 16, 16}, 8);
  test_case.inputs.push_back(Random(9).tensor({2, 1, 20, 40}));
  expect_in_halves(test_case);
}

TEST(CudaAttention, AMaskOfBoolsOverSeveralBlocksOfKeys) {
  OpCase test_case = attention({1, 2, 2, 20, 100, 16, 16}, 10);
  std::vector<bool> seen;
  for (int i = 0; i < 20 * 100; ++i) seen.push_back(i % 3 != 0);
  test_case.inputs.push_back(bools({20, 100}, seen));
  expect_in_halves(test_case);
}

TEST(CudaAttention, OneMaskForAllQueries) {
  OpCase test_case = attention({2, 2, 2, 20, 100, 16, 16}, 11);
  test_case.inputs.push_back(Random(12).tensor({2, 1, 1, 100}));
  expect_in_halves(test_case);
}

TEST(CudaAttention, PastKeysComeFirst) {
  OpCase test_case = attention({1, 2, 2, 10, 10, 16, 16}, 10);
  Random random(11);
  test_case.inputs.resize(4);
  test_case.inputs.push_back(random.tensor({1, 2, 30, 16}));
  test_case.inputs.push_back(random.tensor({1, 2, 30, 16}));
  test_case.attributes = {{"is_causal", std::int64_t{1}}};
  test_case.outputs = 3;
  expect_in_halves(test_case);
}

// A NaN in the values of the last key, which `visible` queries see.
OpCase with_nan_in_last_value(std::int64_t visible) {
  constexpr std::int64_t kQueries = 20, kKeys = 40, kSize = 16;
  OpCase test_case = attention({1, 1, 1, kQueries, kKeys, kSize, kSize}, 12);
  const auto values = test_case.inputs[2].as<float>();
  std::vector<float> changed(values.begin(), values.end());
  changed[(kKeys - 1) * kSize + 3] = std::numeric_limits<float>::quiet_NaN();
  changed[(kKeys - 1) * kSize + 5] = std::numeric_limits<float>::infinity();
  test_case.inputs[2] = floats({1, 1, kKeys, kSize}, changed);
  std::vector<float> mask(kQueries * kKeys, 0.0f);
  for (std::int64_t query = visible; query < kQueries; ++query) {
    mask[static_cast<std::size_t>(query * kKeys + kKeys - 1)] =
        -std::numeric_limits<float>::infinity();
  }
  test_case.inputs.push_back(floats({kQueries, kKeys}, mask));
  return test_case;
}

TEST(CudaAttention, ANanCountsForThoseWhoSeeIt) {
  if (!run_on_cuda(with_nan_in_last_value(0))) GTEST_SKIP() << "without CUDA";
  for (const DataType type : kHalfTypes) {
    OpCase test_case = with_nan_in_last_value(7);
    for (Tensor& input : test_case.inputs) input = in_16_bits(input, type);
    const auto outputs = *run_on_cuda(test_case);
    ASSERT_TRUE(outputs.ok()) << outputs.status().to_string();
    const Tensor y = in_32_bits(outputs->front());
    for (std::size_t i = 0; i < y.as<float>().size(); ++i) {
      const bool sees_it = i / 16 < 7 && (i % 16 == 3 || i % 16 == 5);
      EXPECT_EQ(std::isfinite(y.as<float>()[i]), !sees_it) << "element " << i;
    }
  }
}

}  // namespace
}  // namespace mini_infer::test
