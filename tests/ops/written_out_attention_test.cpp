#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>

#include "ops/cpu_case.h"
#include "ops/cuda_case.h"
#include "ops/every_type.h"
#include "ops/spatial_case.h"

// mini_infer.Attention that stands for nodes written out: it must give what MatMul, masks, Softmax,
// IsNaN with Where, and MatMul give, where numbers are NaN or infinite, too.
namespace mini_infer::test {
namespace {

using core::DataType;
using core::Shape;
using core::Tensor;
using Ints = std::vector<std::int64_t>;

const float kInf = std::numeric_limits<float>::infinity();
const float kNan = std::numeric_limits<float>::quiet_NaN();
const float kLowest = std::numeric_limits<float>::lowest();

constexpr DataType kTypes[] = {DataType::kFloat32, DataType::kFloat16, DataType::kBFloat16};

enum class Causal { kNot, kReplaced, kAdded };

// One head of one sample.
struct Written {
  std::int64_t queries, keys, size, value_size;
  Tensor query, key, value;
  Tensor mask = {};  // [queries or 1, keys] of bools or floats
  Causal causal = Causal::kNot;
  float hidden_score = -kInf;  // by is_causal and by bools
  bool nan_is_zero = false;
  float query_scale = 1;
  float scale = 0.5f;
  bool mask_in_16_bits = false;

  static Ints dense(std::int64_t tokens, std::int64_t size) {
    return {1, 1, tokens, size, 0, 0, 0, size};
  }

  OpCase op_case() const {
    OpCase made{.op = "Attention",
                .domain = "mini_infer",
                .opset = 1,
                .attributes = {{"query", dense(queries, size)},
                               {"key", dense(keys, size)},
                               {"value", dense(keys, value_size)},
                               {"output", dense(queries, value_size)},
                               {"output_shape", Ints{queries, value_size}},
                               {"query_scale", query_scale},
                               {"scale", scale},
                               {"masked_score", hidden_score},
                               {"softmax", nan_is_zero ? "nan_is_zero" : "written_out"}},
                .inputs = {query, key, value}};
    if (mask.defined()) made.inputs.push_back(mask);
    if (causal != Causal::kNot) made.attributes["is_causal"] = std::int64_t{1};
    if (causal == Causal::kAdded) made.attributes["masked_score_is_added"] = std::int64_t{1};
    return made;
  }

  // All but a mask of floats in the type, and that one where the case says so.
  Written in(DataType type) const {
    Written made = *this;
    if (type == DataType::kFloat32) return made;
    made.query = in_16_bits(query, type);
    made.key = in_16_bits(key, type);
    made.value = in_16_bits(value, type);
    if (mask_in_16_bits) made.mask = in_16_bits(mask, type);
    return made;
  }

  // With the numbers of a case in a type of 16 bits.
  Written in_floats() const {
    Written made = *this;
    for (Tensor* tensor : {&made.query, &made.key, &made.value, &made.mask}) {
      if (!tensor->defined() || tensor->type() == DataType::kBool) continue;
      if (tensor->type() != DataType::kFloat32) *tensor = in_32_bits(*tensor);
    }
    return made;
  }

  float score(std::int64_t q, std::int64_t k) const {
    float sum = 0;
    for (std::int64_t d = 0; d < size; ++d) {
      sum += query.as<float>()[static_cast<std::size_t>(q * size + d)] * query_scale *
             key.as<float>()[static_cast<std::size_t>(k * size + d)];
    }
    sum *= scale;
    const bool hidden = causal != Causal::kNot && k > q;
    if (hidden) sum = causal == Causal::kAdded ? sum + hidden_score : hidden_score;
    if (!mask.defined()) return sum;
    const auto at = static_cast<std::size_t>((mask.shape()[0] == 1 ? 0 : q) * keys + k);
    if (mask.type() != DataType::kBool) return sum + mask.as<float>()[at];
    return mask.as<std::uint8_t>()[at] != 0 ? sum : hidden_score;
  }

  // Step by step, of floats.
  Tensor reference() const {
    std::vector<float> y;
    for (std::int64_t q = 0; q < queries; ++q) {
      std::vector<double> weights;
      double largest = -std::numeric_limits<double>::infinity();
      for (std::int64_t k = 0; k < keys; ++k) {
        weights.push_back(static_cast<double>(score(q, k)));
        const bool larger = weights.back() > largest || std::isnan(weights.back());
        if (larger && !std::isnan(largest)) largest = weights.back();
      }
      double sum = 0;
      for (double& weight : weights) sum += weight = std::exp(weight - largest);
      for (double& weight : weights) weight /= sum;
      for (std::int64_t d = 0; d < value_size; ++d) {
        double mean = 0;
        for (std::int64_t k = 0; k < keys; ++k) {
          const double weight = weights[static_cast<std::size_t>(k)];
          const float of = value.as<float>()[static_cast<std::size_t>(k * value_size + d)];
          mean += (nan_is_zero && std::isnan(weight) ? 0 : weight) * static_cast<double>(of);
        }
        y.push_back(static_cast<float>(mean));
      }
    }
    return floats({queries, value_size}, std::move(y));
  }
};

// Infinities and NaN in the same places; other numbers within a part of the largest one.
void expect_like(const Tensor& found, const Tensor& expected, float tolerance) {
  const Tensor widened = found.type() == DataType::kFloat32 ? found : in_32_bits(found);
  const auto a = widened.as<float>();
  const auto e = expected.as<float>();
  ASSERT_EQ(a.size(), e.size());
  float largest = 0;
  for (const float x : e) largest = std::isfinite(x) ? std::max(largest, std::fabs(x)) : largest;
  for (std::size_t i = 0; i < e.size(); ++i) {
    if (std::isnan(e[i])) {
      ASSERT_TRUE(std::isnan(a[i])) << "element " << i << " is " << a[i];
    } else if (std::isinf(e[i])) {
      ASSERT_EQ(a[i], e[i]) << "element " << i;
    } else {
      ASSERT_LE(std::fabs(static_cast<double>(a[i]) - static_cast<double>(e[i])),
                static_cast<double>(tolerance) * static_cast<double>(largest) + 1e-7)
          << "element " << i << ": " << a[i] << " for " << e[i];
    }
  }
}

// On every instruction set and on CUDA, in every type.
void expect_reference(const Written& of) {
  for (const DataType type : kTypes) {
    SCOPED_TRACE(core::type_name(type));
    const Written stored = of.in(type);
    const Tensor expected = stored.in_floats().reference();
    const float tolerance = type == DataType::kFloat32   ? 1e-5f
                            : type == DataType::kFloat16 ? 0x1p-9f
                                                         : 0x1p-6f;
    for (const core::InstructionSet set : instruction_sets()) {
      SCOPED_TRACE(core::instruction_set_name(set));
      const auto y = run_on_cpu(stored.op_case(), {.backend = {.instruction_set = set}});
      ASSERT_TRUE(y.ok()) << y.status().to_string();
      ASSERT_NO_FATAL_FAILURE(expect_like(*y, expected, tolerance));
    }
    const auto on_cuda = run_on_cuda(stored.op_case());
    if (!on_cuda) continue;
    SCOPED_TRACE("CUDA");
    ASSERT_TRUE(on_cuda->ok()) << on_cuda->status().to_string();
    ASSERT_NO_FATAL_FAILURE(expect_like((*on_cuda)->front(), expected, tolerance));
  }
}

Written of(std::int64_t queries, std::int64_t keys, std::int64_t size, std::int64_t value_size) {
  Random random(static_cast<unsigned>(queries + keys));
  return {.queries = queries,
          .keys = keys,
          .size = size,
          .value_size = value_size,
          .query = random.fractions({queries, size}),
          .key = random.fractions({keys, size}),
          .value = random.fractions({keys, value_size})};
}

void put(Tensor& tensor, std::int64_t row, std::int64_t column, float number) {
  const auto values = tensor.as<float>();
  std::vector<float> changed(values.begin(), values.end());
  changed[static_cast<std::size_t>(row * tensor.shape()[1] + column)] = number;
  tensor = floats(tensor.shape(), changed);
}

// One number in one element of a case.
struct Fault {
  const char* name;
  std::function<void(Written&)> make;
};

// Keys and values are hit near their end, where is_causal hides them from most queries.
std::vector<Fault> faults() {
  std::vector<Fault> all = {{"none", [](Written&) {}}};
  for (const float number : {kNan, kInf, -kInf}) {
    all.push_back({"query", [=](Written& of) { put(of.query, of.queries / 2, 1, number); }});
    all.push_back({"key", [=](Written& of) { put(of.key, of.keys - 2, 1, number); }});
    if (number < 0) continue;
    all.push_back({"value", [=](Written& of) { put(of.value, of.keys - 2, 1, number); }});
  }
  // 0 times infinity, in a key that is_causal hides.
  all.push_back({"queries of zeros", [](Written& of) {
                   of.query = floats({of.queries, of.size},
                                     std::vector<float>(of.query.as<float>().size(), 0.0f));
                   put(of.key, of.keys - 2, 1, kInf);
                 }});
  // Finite numbers whose product is not: in float32 and bfloat16.
  for (const float sign : {1.0f, -1.0f}) {
    all.push_back({"product", [=](Written& of) {
                     put(of.query, of.queries / 2, 0, 1e20f);
                     put(of.key, of.keys - 2, 0, sign * 1e20f);
                   }});
    all.push_back({"all products", [=](Written& of) {
                     put(of.query, 0, 0, 1e20f);
                     for (std::int64_t k = 0; k < of.keys; ++k) put(of.key, k, 0, sign * 1e20f);
                   }});
  }
  // Values whose sum is not finite, but whose mean is.
  all.push_back({"large values", [](Written& of) {
                   for (std::int64_t k = 0; k < of.keys; ++k) put(of.value, k, 0, 3e38f);
                 }});
  return all;
}

void expect_with_all_faults(const Written& base) {
  for (const bool nan_is_zero : {false, true}) {
    for (const Fault& fault : faults()) {
      SCOPED_TRACE(std::string(fault.name) + (nan_is_zero ? ", NaN is zero" : ""));
      Written of = base;
      of.nan_is_zero = nan_is_zero;
      fault.make(of);
      ASSERT_NO_FATAL_FAILURE(expect_reference(of));
    }
  }
}

TEST(WrittenOutAttention, WithoutAMask) {
  for (const std::int64_t queries : {1, 5, 17}) {
    SCOPED_TRACE(queries);
    ASSERT_NO_FATAL_FAILURE(expect_with_all_faults(of(queries, 12, 16, 8)));
  }
}

TEST(WrittenOutAttention, OfMoreKeysThanOneBlock) {
  ASSERT_NO_FATAL_FAILURE(expect_with_all_faults(of(9, 140, 8, 16)));
}

TEST(WrittenOutAttention, OfVectorsTooLongForVectorCode) {
  Written long_vectors = of(9, 12, 264, 260);
  long_vectors.causal = Causal::kReplaced;
  ASSERT_NO_FATAL_FAILURE(expect_with_all_faults(long_vectors));
}

TEST(WrittenOutAttention, CausalByEveryScore) {
  for (const Causal causal : {Causal::kReplaced, Causal::kAdded}) {
    for (const float hidden : {-kInf, kLowest}) {
      for (const std::int64_t queries : {3, 11}) {
        SCOPED_TRACE(std::to_string(queries) + " queries, " + std::to_string(hidden) +
                     (causal == Causal::kAdded ? " added" : " instead"));
        Written of_case = of(queries, 14, 8, 8);
        of_case.causal = causal;
        of_case.hidden_score = hidden;
        ASSERT_NO_FATAL_FAILURE(expect_with_all_faults(of_case));
      }
    }
  }
}

// Some keys hidden from all queries, all keys from some.
Tensor added(std::int64_t queries, std::int64_t keys, float hidden) {
  std::vector<float> mask;
  for (std::int64_t i = 0; i < queries * keys; ++i) {
    const bool hides = i % keys % 5 == 0 || i % keys == keys - 2 || i / keys % 4 == 2;
    mask.push_back(hides ? hidden : 0.25f);
  }
  return floats({queries, keys}, std::move(mask));
}

TEST(WrittenOutAttention, MasksOfNumbers) {
  for (const float hidden : {-kInf, kLowest, kNan}) {
    for (const std::int64_t rows : {1, 9}) {
      for (const Causal causal : {Causal::kNot, Causal::kReplaced}) {
        SCOPED_TRACE(std::to_string(hidden) + ", " + std::to_string(rows) + " rows" +
                     (causal == Causal::kNot ? "" : ", causal"));
        Written of_case = of(9, 10, 8, 8);
        of_case.mask = added(rows, 10, hidden);
        of_case.causal = causal;
        of_case.hidden_score = kLowest;
        ASSERT_NO_FATAL_FAILURE(expect_with_all_faults(of_case));
      }
    }
  }
}

TEST(WrittenOutAttention, AMaskOfTheTypeOfTheQueries) {
  Written of_case = of(9, 10, 8, 8);
  of_case.mask = added(9, 10, -kInf);
  of_case.mask_in_16_bits = true;
  ASSERT_NO_FATAL_FAILURE(expect_with_all_faults(of_case));
}

TEST(WrittenOutAttention, MasksOfBools) {
  for (const float hidden : {kLowest, -3.0f}) {
    for (const std::int64_t rows : {1, 9}) {
      SCOPED_TRACE(std::to_string(hidden) + ", " + std::to_string(rows) + " rows");
      Written of_case = of(9, 10, 8, 8);
      std::vector<bool> keeps;
      for (std::int64_t i = 0; i < rows * 10; ++i) {
        keeps.push_back(i % 10 % 5 != 0 && i % 10 != 8 && (rows == 1 || i / 10 % 4 != 2));
      }
      of_case.mask = bools({rows, 10}, keeps);
      of_case.hidden_score = hidden;
      ASSERT_NO_FATAL_FAILURE(expect_with_all_faults(of_case));
    }
  }
}

// 4e38 as it is, 4e37 if the queries are scaled first.
TEST(WrittenOutAttention, QueriesAreScaledBeforeTheirProducts) {
  for (const float query_scale : {1.0f, 0.1f}) {
    for (const std::int64_t queries : {1, 20}) {
      for (const float sign : {1.0f, -1.0f}) {
        SCOPED_TRACE(std::to_string(query_scale) + ", " + std::to_string(queries) + " queries");
        Written of_case = of(queries, 30, 8, 8);
        of_case.query_scale = query_scale;
        of_case.mask = bools({1, 30}, std::vector<bool>(30, true));
        std::vector<bool> keeps(30, true);
        keeps[3] = false;
        of_case.mask = bools({1, 30}, keeps);
        of_case.hidden_score = kLowest;
        for (std::int64_t k = 0; k < 30; ++k) put(of_case.key, k, 0, sign * 2e19f);
        put(of_case.query, 0, 0, 2e19f);
        ASSERT_NO_FATAL_FAILURE(expect_reference(of_case));
      }
    }
  }
}

TEST(WrittenOutAttention, WhatItCannotSayIsRefused) {
  OpCase test_case = of(2, 3, 8, 8).op_case();
  test_case.attributes["softmax"] = "sideways";
  expect_failure(test_case, core::Status::ERROR_INVALID_MODEL,
                 "softmax: expected 'written_out' or 'nan_is_zero', found 'sideways'");
  test_case.attributes["softmax"] = "written_out";
  test_case.attributes["softcap"] = 2.0f;
  expect_failure(test_case, core::Status::ERROR_INVALID_MODEL,
                 "softmax 'written_out' has no padding, no windows and no cap");
  test_case.attributes.erase("softcap");
  test_case.attributes["is_causal"] = std::int64_t{1};
  test_case.attributes["masked_score"] = -5.0f;
  expect_failure(test_case, core::Status::ERROR_INVALID_MODEL,
                 "is_causal: expected a masked_score of at most -1e30, found -5.000000");
}

}  // namespace
}  // namespace mini_infer::test
