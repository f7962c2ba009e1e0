#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "ops/conv_case.h"
#include "ops/cpu_case.h"
#include "ops/every_type.h"

// The error of long sums stays within a bound that hardly grows with them, in every kernel, type
// and instruction set (ops/block_sum.h).
namespace mini_infer::test {
namespace {

using core::DataType;
using core::Shape;
using core::Tensor;
using Numbers = std::vector<double>;

// What terms are like. Equal ones are rounded the same way again and again.
enum class Terms { kEqual, kOfOneSign, kOfBothSigns };
constexpr Terms kAllTerms[] = {Terms::kEqual, Terms::kOfOneSign, Terms::kOfBothSigns};
const char* const kNames[] = {"equal", "of one sign", "of both signs"};

Tensor factors(Terms terms, const Shape& shape, unsigned seed) {
  Tensor tensor = Random(seed).fractions(shape);
  std::vector<float> values(tensor.as<float>().begin(), tensor.as<float>().end());
  for (float& value : values) {
    if (terms == Terms::kEqual) value = 0.1f;
    if (terms == Terms::kOfOneSign) value = std::fabs(value);
  }
  return floats(shape, std::move(values));
}

Tensor magnitudes(const Tensor& tensor) {
  std::vector<float> values(tensor.as<float>().begin(), tensor.as<float>().end());
  for (float& value : values) value = std::fabs(value);
  return floats(tensor.shape(), std::move(values));
}

double bound(std::int64_t terms) { return terms > 25088 ? 1e-5 : 2e-6; }

// The result, and the same of the magnitudes of what it is made of.
struct Exact {
  Numbers values, magnitudes;
};

// On every instruction set, with 1 thread and with 3: the same bits, each within `tolerance` of
// the magnitudes. What is stored in 16 bits may be half a unit off besides.
void expect_close(const OpCase& test_case, const Exact& exact, double tolerance, CpuRun how = {}) {
  for (const core::InstructionSet set : instruction_sets()) {
    SCOPED_TRACE(std::string(test_case.op) + " on " + core::instruction_set_name(set));
    how.backend.instruction_set = set;
    how.threads = 1;
    const auto output = run_on_cpu(test_case, how);
    ASSERT_TRUE(output.ok()) << output.status().to_string();
    how.threads = 3;
    ASSERT_THAT(run_on_cpu(test_case, how)->bytes(), ::testing::ElementsAreArray(output->bytes()));
    const DataType type = output->type();
    const double unit = type == DataType::kFloat16    ? std::ldexp(1, -11)
                        : type == DataType::kBFloat16 ? std::ldexp(1, -8)
                                                      : 0;
    const Tensor result = type == DataType::kFloat32 ? *output : in_32_bits(*output);
    ASSERT_EQ(result.as<float>().size(), exact.values.size());
    for (std::size_t i = 0; i < exact.values.size(); ++i) {
      const double value = exact.values[i];
      ASSERT_NEAR(static_cast<double>(result.as<float>()[i]), value,
                  tolerance * exact.magnitudes[i] + unit * std::fabs(value))
          << "element " << i << ", the error is "
          << std::fabs(static_cast<double>(result.as<float>()[i]) - value) / exact.magnitudes[i]
          << " of the magnitudes";
    }
  }
}

// --- Matrices ---

struct Matrices {
  Tensor a, b;  // [rows, depth] and [depth, columns]
};

Matrices matrices(Terms terms, std::int64_t rows, std::int64_t depth, std::int64_t columns) {
  return {factors(terms, {rows, depth}, 1), factors(terms, {depth, columns}, 2)};
}

Exact exact_product(const Matrices& of) {
  const std::int64_t depth = of.b.shape()[0];
  const std::int64_t columns = of.b.shape()[1];
  Exact exact;
  for (std::int64_t row = 0; row < of.a.shape()[0]; ++row) {
    Numbers sums(static_cast<std::size_t>(columns)), magnitudes(sums);
    for (std::int64_t k = 0; k < depth; ++k) {
      const auto a = static_cast<double>(of.a.as<float>()[row * depth + k]);
      for (std::int64_t n = 0; n < columns; ++n) {
        const double term = a * static_cast<double>(of.b.as<float>()[k * columns + n]);
        sums[static_cast<std::size_t>(n)] += term;
        magnitudes[static_cast<std::size_t>(n)] += std::fabs(term);
      }
    }
    exact.values.insert(exact.values.end(), sums.begin(), sums.end());
    exact.magnitudes.insert(exact.magnitudes.end(), magnitudes.begin(), magnitudes.end());
  }
  return exact;
}

struct Size {
  std::int64_t rows, depth, columns;
};
// A row of many panels, narrow and whole tiles, one result; ends of blocks and of sections.
constexpr Size kSizes[] = {{1, 6145, 70}, {5, 25088, 3}, {13, 2304, 40}, {1, 1000000, 1},
                           {2, 3072, 9},  {3, 3073, 33}, {7, 97, 17},    {2, 96, 5}};

void for_each_product(
    const std::function<void(const Matrices&, const Exact&, double tolerance)>& visit) {
  for (const Terms terms : kAllTerms) {
    for (const auto& [rows, depth, columns] : kSizes) {
      SCOPED_TRACE(std::string(kNames[static_cast<int>(terms)]) + ", " +
                   Shape({rows, depth, columns}).to_string());
      const Matrices of = matrices(terms, rows, depth, columns);
      visit(of, exact_product(of), bound(depth));
    }
  }
}

TEST(LongSums, ProductsOfMatrices) {
  for_each_product([](const Matrices& of, const Exact& exact, double tolerance) {
    const OpCase test_case{.op = "MatMul", .inputs = {of.a, of.b}};
    expect_close(test_case, exact, tolerance);
    expect_close(test_case, exact, tolerance, {.constants = false});
  });
}

TEST(LongSums, ProductsOfTransposedMatrices) {
  for_each_product([](const Matrices& of, const Exact& exact, double tolerance) {
    const OpCase test_case{.op = "Gemm",
                           .attributes = {{"transA", std::int64_t{1}}, {"transB", std::int64_t{1}}},
                           .inputs = {transposed(of.a, {1, 0}), transposed(of.b, {1, 0})}};
    expect_close(test_case, exact, tolerance);
    expect_close(test_case, exact, tolerance, {.constants = false});
  });
}

TEST(LongSums, ProductsIn16Bits) {
  for (const DataType type : {DataType::kFloat16, DataType::kBFloat16}) {
    SCOPED_TRACE(core::type_name(type));
    for (const auto& [rows, depth, columns] : {Size{1, 1000000, 1}, {3, 25088, 70}}) {
      const Matrices of = matrices(Terms::kEqual, rows, depth, columns);
      const Matrices stored{in_16_bits(of.a, type), in_16_bits(of.b, type)};
      const Exact exact = exact_product({in_32_bits(stored.a), in_32_bits(stored.b)});
      expect_close({.op = "MatMul", .inputs = {stored.a, stored.b}}, exact, bound(depth));
    }
  }
}

TEST(LongSums, Einsums) {
  const Matrices of = matrices(Terms::kEqual, 2, 25088, 3);
  expect_close({.op = "Einsum", .attributes = {{"equation", "mk,kn->mn"}}, .inputs = {of.a, of.b}},
               exact_product(of), bound(25088));
}

// --- Convolutions ---

// Of an image that its kernel covers.
ConvCase conv_of(Terms terms, const Shape& image, std::int64_t filters, std::int64_t group = 1) {
  ConvCase conv;
  conv.x = factors(terms, image, 3);
  conv.w = factors(terms, {filters, image[1] / group, image[2], image[3]}, 4);
  conv.group = group;
  conv.window = {.input = {image[2], image[3]},
                 .kernel = {image[2], image[3]},
                 .strides = {1, 1},
                 .dilations = {1, 1},
                 .begin = {0, 0},
                 .end = {0, 0}};
  return conv;
}

Numbers numbers_of(const Tensor& tensor) {
  return {tensor.as<float>().begin(), tensor.as<float>().end()};
}

Exact exact_conv(const ConvCase& conv, bool in_channels_last) {
  ConvCase absolute = conv;
  absolute.x = magnitudes(conv.x);
  absolute.w = magnitudes(conv.w);
  Tensor values = reference(conv), sums = reference(absolute);
  if (in_channels_last) {
    values = channels_last(values);
    sums = channels_last(sums);
  }
  return {numbers_of(values), numbers_of(sums)};
}

void expect_close_conv(const ConvCase& conv, const CpuRun& how = {}) {
  SCOPED_TRACE(conv.x.shape().to_string() + " by " + conv.w.shape().to_string());
  const double tolerance = bound(conv.w.shape().elements(1, 4));
  expect_close(nhwc_case(conv), exact_conv(conv, true), tolerance, how);
  expect_close(onnx_case(conv), exact_conv(conv, false), tolerance, how);
}

TEST(LongSums, Convolutions) {
  for (const Terms terms : kAllTerms) {
    SCOPED_TRACE(kNames[static_cast<int>(terms)]);
    expect_close_conv(conv_of(terms, {1, 256, 3, 3}, 5));     // tap by tap
    expect_close_conv(conv_of(terms, {1, 25088, 1, 1}, 3));   // a product
    expect_close_conv(conv_of(terms, {1, 16, 40, 39}, 2));    // more taps than go at once
    expect_close_conv(conv_of(terms, {1, 3, 22, 31}, 4));     // gathered
    expect_close_conv(conv_of(terms, {1, 8, 56, 56}, 4, 2));  // of groups
  }
}

TEST(LongSums, ConvolutionsWithAFilterForEachChannel) {
  for (const Terms terms : kAllTerms) {
    SCOPED_TRACE(kNames[static_cast<int>(terms)]);
    expect_close_conv(conv_of(terms, {1, 9, 112, 224}, 9, 9));
    expect_close_conv(conv_of(terms, {1, 5, 1, 5000}, 5, 5));
    ConvCase padded = conv_of(terms, {1, 9, 11, 12}, 9, 9);
    padded.window.begin = {3, 4};
    padded.window.end = {2, 5};
    expect_close_conv(padded);
  }
}

TEST(LongSums, WinogradsConvolutions) {
  for (const Terms terms : {Terms::kOfOneSign, Terms::kOfBothSigns}) {
    ConvCase conv = conv_of(terms, {1, 512, 6, 6}, 40);
    conv.w = factors(terms, {40, 512, 3, 3}, 5);
    conv.window.kernel = {3, 3};
    expect_close(nhwc_case(conv), exact_conv(conv, true), bound(4608),
                 {.workspace_bytes = std::size_t{64} << 20});
  }
}

TEST(LongSums, TransposedConvolutions) {
  for (const Terms terms : kAllTerms) {
    SCOPED_TRACE(kNames[static_cast<int>(terms)]);
    const Matrices of = matrices(terms, 1, 25088, 3);
    expect_close({.op = "ConvTranspose",
                  .inputs = {of.a.reshaped({1, 25088, 1}), of.b.reshaped({25088, 3, 1})}},
                 exact_product(of), bound(25088));
  }
}

// --- Sums of one tensor ---

// Of [rows, terms, columns], over the terms.
Exact exact_means(const Tensor& x) {
  const std::int64_t terms = x.shape()[1];
  const std::int64_t columns = x.shape()[2];
  Exact exact;
  for (std::int64_t at = 0; at < x.shape()[0] * columns; ++at) {
    double sum = 0, magnitude = 0;
    for (std::int64_t k = 0; k < terms; ++k) {
      const std::int64_t element = (at / columns * terms + k) * columns + at % columns;
      const auto term = static_cast<double>(x.as<float>()[element]);
      sum += term;
      magnitude += std::fabs(term);
    }
    exact.values.push_back(sum / static_cast<double>(terms));
    exact.magnitudes.push_back(magnitude / static_cast<double>(terms));
  }
  return exact;
}

TEST(LongSums, Means) {
  for (const Terms terms : kAllTerms) {
    SCOPED_TRACE(kNames[static_cast<int>(terms)]);
    for (const std::int64_t columns : {1, 5}) {
      const Tensor x = factors(terms, {2, 300000, columns}, 6);
      const Exact exact = exact_means(x);
      expect_close({.op = "ReduceMean", .opset = 18, .inputs = {x, int64s({1}, {1})}}, exact, 1e-5);
      for (const Shape& image : {Shape{2, 1, 300000, columns}, Shape{2, 500, 600, columns}}) {
        expect_close({.op = "GlobalAveragePool",
                      .domain = "mini_infer",
                      .opset = 1,
                      .attributes = {{"layout", "NHWC"}},
                      .inputs = {x.reshaped(image)}},
                     exact, 1e-5);
      }
    }
  }
}

TEST(LongSums, Softmax) {
  constexpr std::int64_t kTerms = 200000;
  const Tensor x = factors(Terms::kOfBothSigns, {kTerms, 3}, 7);
  Exact exact;
  Numbers sums(3);
  const auto exponential = [&](std::int64_t i) {
    return std::exp(static_cast<double>(x.as<float>()[i]));
  };
  for (std::int64_t i = 0; i < 3 * kTerms; ++i)
    sums[static_cast<std::size_t>(i % 3)] += exponential(i);
  for (std::int64_t i = 0; i < 3 * kTerms; ++i) {
    exact.values.push_back(exponential(i) / sums[static_cast<std::size_t>(i % 3)]);
  }
  exact.magnitudes = exact.values;
  expect_close({.op = "Softmax", .attributes = {{"axis", std::int64_t{0}}}, .inputs = {x}}, exact,
               1e-6);
  const Tensor rows = transposed(x, {1, 0});
  exact.values.clear();
  for (std::int64_t column = 0; column < 3; ++column) {
    for (std::int64_t i = 0; i < kTerms; ++i) {
      exact.values.push_back(exact.magnitudes[static_cast<std::size_t>(i * 3 + column)]);
    }
  }
  exact.magnitudes = exact.values;
  expect_close({.op = "Softmax", .inputs = {rows}}, exact, 1e-6);
}

// Values of one sign; all scores are alike.
TEST(LongSums, AttentionOverManyKeys) {
  constexpr std::int64_t kKeys = 20000, kSize = 8;
  const Tensor key = factors(Terms::kOfBothSigns, {1, 1, kKeys, kSize}, 8);
  const Tensor value = factors(Terms::kOfOneSign, {1, 1, kKeys, kSize}, 9);
  for (const std::int64_t queries : {1, 9}) {
    SCOPED_TRACE(queries);
    const Tensor query =
        floats({1, 1, queries, kSize},
               std::vector<float>(static_cast<std::size_t>(queries * kSize), 0.0f));
    const Numbers means = exact_means(value.reshaped({1, kKeys, kSize})).values;
    Exact exact;
    for (std::int64_t i = 0; i < queries; ++i) {
      exact.values.insert(exact.values.end(), means.begin(), means.end());
    }
    exact.magnitudes = exact.values;
    expect_close({.op = "Attention", .opset = 23, .inputs = {query, key, value}}, exact, 2e-6);
  }
}

}  // namespace
}  // namespace mini_infer::test
