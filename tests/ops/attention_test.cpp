#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "ops/alias_case.h"
#include "ops/every_type.h"
#include "ops/spatial_case.h"

namespace mini_infer::test {
namespace {

using core::DataType;
using core::Shape;
using core::Status;
using core::Tensor;

constexpr double kMasked = -std::numeric_limits<double>::infinity();
const float kInf = std::numeric_limits<float>::infinity();
const float kNan = std::numeric_limits<float>::quiet_NaN();

Tensor merged(const Tensor& heads) {
  const Shape& shape = heads.shape();
  return transposed(heads, {0, 2, 1, 3}).reshaped({shape[0], shape[2], shape[1] * shape[3]});
}

// Above zero, so that weighted means do not cancel out.
Tensor positive(const Tensor& tensor) {
  std::vector<float> values;
  for (float value : tensor.as<float>()) values.push_back(value + 3);
  return floats(tensor.shape(), std::move(values));
}

double element(const Tensor& tensor, const Extents& index) {
  const std::int64_t at = flat_index(tensor.shape().dims(), index);
  return static_cast<double>(tensor.as<float>()[static_cast<std::size_t>(at)]);
}

// Past and new vectors, one after the other.
Tensor appended(const Tensor& past, const Tensor& fresh) {
  if (!past.defined()) return fresh;
  Extents shape = fresh.shape().dims();
  const std::int64_t tokens = past.shape()[2];
  shape[2] += tokens;
  std::vector<float> values;
  for_each_index(shape, [&](Extents at) {
    const bool is_past = at[2] < tokens;
    if (!is_past) at[2] -= tokens;
    values.push_back(static_cast<float>(element(is_past ? past : fresh, at)));
  });
  return floats(Shape(shape), std::move(values));
}

// An attention written down as the standard does, in double.
struct Scenario {
  Tensor query, key, value;  // [batch, heads, tokens, size]
  Tensor mask = {}, past_key = {}, past_value = {}, valid_keys = {};
  bool merge_heads = false;
  bool causal = false;
  std::int64_t left = -1;
  std::int64_t right = -1;
  float softcap = 0;
  float scale = 0.5f;
  std::int64_t mode = 0;

  OpCase op_case() const {
    OpCase test_case{.op = "Attention",
                     .opset = 25,
                     .attributes = {{"is_causal", std::int64_t{causal}},
                                    {"left_window_size", left},
                                    {"right_window_size", right},
                                    {"softcap", softcap},
                                    {"scale", scale},
                                    {"qk_matmul_output_mode", mode}},
                     .inputs = {query, key, value, mask, past_key, past_value, valid_keys},
                     .outputs = 4};
    if (!merge_heads) return test_case;
    for (int slot = 0; slot < 3; ++slot) test_case.inputs[slot] = merged(test_case.inputs[slot]);
    test_case.attributes["q_num_heads"] = query.shape()[1];
    test_case.attributes["kv_num_heads"] = key.shape()[1];
    return test_case;
  }

  std::vector<Tensor> reference() const {
    const Tensor keys = appended(past_key, key);
    const Tensor values = appended(past_value, value);
    const Shape& from = query.shape();
    const std::int64_t count = keys.shape()[2];
    std::vector<float> y;
    std::vector<float> shown;
    for_each_index({from[0], from[1], from[2]}, [&](const Extents& at) {
      const std::int64_t head = at[1] / (from[1] / keys.shape()[1]);
      std::vector<double> weights;
      double sum = 0;
      for (std::int64_t k = 0; k < count; ++k) {
        const double score = scaled(at, keys, {at[0], head, k, 0});
        weights.push_back(std::exp(capped(score) + bias(at, k)));
        sum += weights.back();
        shown.push_back(static_cast<float>(stage(score, capped(score), bias(at, k))));
      }
      for (double& weight : weights) weight = sum == 0 ? 0 : weight / sum;
      if (mode == 3) std::copy(weights.begin(), weights.end(), shown.end() - count);
      for (std::int64_t i = 0; i < values.shape()[3]; ++i) {
        double mean = 0;
        for (std::int64_t k = 0; k < count; ++k) {
          mean += weights[static_cast<std::size_t>(k)] * element(values, {at[0], head, k, i});
        }
        y.push_back(static_cast<float>(mean));
      }
    });
    const Tensor output = floats({from[0], from[1], from[2], values.shape()[3]}, std::move(y));
    return {merge_heads ? merged(output) : output, keys, values,
            floats({from[0], from[1], from[2], count}, std::move(shown))};
  }

 private:
  double scaled(const Extents& at, const Tensor& keys, Extents key_at) const {
    double sum = 0;
    for (key_at[3] = 0; key_at[3] < keys.shape()[3]; ++key_at[3]) {
      sum += element(query, {at[0], at[1], at[2], key_at[3]}) * element(keys, key_at);
    }
    return sum * static_cast<double>(scale);
  }

  double capped(double score) const {
    const auto cap = static_cast<double>(softcap);
    return cap == 0 ? score : cap * std::tanh(score / cap);
  }

  double bias(const Extents& at, std::int64_t k) const {
    const std::int64_t past = past_key.defined() ? past_key.shape()[2] : 0;
    std::int64_t own = past + at[2];
    if (valid_keys.defined()) {
      const std::int64_t valid = valid_keys.as<std::int64_t>()[static_cast<std::size_t>(at[0])];
      if (k >= valid) return kMasked;
      own = valid - query.shape()[2] + at[2];
    }
    const bool hidden =
        (causal && k > own) || (left >= 0 && k < own - left) || (right >= 0 && k > own + right);
    return hidden ? kMasked : mask_at({at[0], at[1], at[2], k});
  }

  double mask_at(const Extents& index) const {
    if (!mask.defined()) return 0;
    const Extents& extents = mask.shape().dims();
    if (index.back() >= extents.back()) return kMasked;
    Extents at(index.end() - mask.shape().rank(), index.end());
    for (std::size_t axis = 0; axis < at.size(); ++axis) {
      if (extents[axis] == 1) at[axis] = 0;
    }
    if (mask.type() == DataType::kFloat32) return element(mask, at);
    const auto flat = static_cast<std::size_t>(flat_index(extents, at));
    return mask.as<std::uint8_t>()[flat] != 0 ? 0 : kMasked;
  }

  double stage(double score, double capped_score, double added) const {
    return mode == 0 ? score : mode == 1 ? capped_score : capped_score + added;
  }
};

// Three queries and five keys, twice as many heads of queries as of keys.
Scenario scenario(unsigned seed) {
  Random random(seed);
  return {.query = random.tensor({2, 4, 3, 18}),
          .key = random.tensor({2, 2, 5, 18}),
          .value = positive(random.tensor({2, 2, 5, 7}))};
}

Scenario with_past(Scenario of, std::int64_t past) {
  Random random(99);
  of.past_key = random.tensor({2, 2, past, 18});
  of.past_value = positive(random.tensor({2, 2, past, 7}));
  return of;
}

// Without the scores, which are computed by the same code that shows them.
void expect_output_of(const Scenario& of) {
  OpCase test_case = of.op_case();
  test_case.outputs = 1;
  expect_output(test_case, of.reference()[0]);
  expect_in_16_bits(test_case);
}

void expect_reference(Scenario of) {
  expect_output_of(of);
  for (const bool merge_heads : {false, true}) {
    of.merge_heads = merge_heads;
    for (of.mode = 0; of.mode <= 3; ++of.mode) {
      SCOPED_TRACE("mode " + std::to_string(of.mode) + (merge_heads ? ", merged heads" : ""));
      expect_outputs(of.op_case(), of.reference());
      expect_in_16_bits(of.op_case());
    }
  }
}

// So many queries that they are computed side by side, and the last of them do not fill a vector.
Scenario many_queries(unsigned seed) {
  Random random(seed);
  return {.query = random.tensor({2, 4, 37, 18}),
          .key = random.tensor({2, 2, 101, 18}),
          .value = positive(random.tensor({2, 2, 101, 7}))};
}

TEST(Attention, GroupsOfHeadsShareKeys) { expect_reference(scenario(1)); }

TEST(Attention, ThePastComesFirst) { expect_reference(with_past(scenario(2), 4)); }

TEST(Attention, ManyKeysAreWalkedInBlocks) {
  Scenario of = with_past(scenario(3), 150);
  expect_reference(of);
  of.causal = true;
  of.left = 70;
  expect_reference(of);
}

TEST(Attention, ManyQueriesAreComputedSideBySide) {
  Scenario of = many_queries(14);
  expect_output_of(of);
  expect_output_of(with_past(of, 9));
  of.causal = true;
  of.left = 20;
  of.softcap = 2;
  expect_output_of(of);
  of.valid_keys = int64s({2}, {101, 40});
  expect_output_of(of);
  of = many_queries(14);
  of.scale = 20;
  expect_output_of(of);
}

TEST(Attention, ManyQueriesHaveMasks) {
  Scenario of = many_queries(15);
  for (const Shape& shape : {Shape{101}, Shape{37, 101}, Shape{4, 37, 101}}) {
    SCOPED_TRACE(shape.to_string());
    of.mask = Random(16).tensor(shape);
    expect_output_of(of);
  }
  std::vector<bool> seen;
  for (int i = 0; i < 37 * 101; ++i) seen.push_back(i % 3 != 0);
  of.mask = bools({37, 101}, seen);
  expect_output_of(of);
}

TEST(Attention, ManyQueriesHaveAMaskOfOneKey) {
  Scenario of = many_queries(18);
  const Tensor one = Random(18).tensor({37, 1});
  std::vector<float> all;
  for (float added : one.as<float>()) all.insert(all.end(), 101, added);
  of.mask = floats({37, 101}, all);
  const OpCase test_case{.op = "Attention",
                         .opset = 23,  // where such a mask is broadcast
                         .attributes = {{"scale", of.scale}},
                         .inputs = {of.query, of.key, of.value, one}};
  expect_output(test_case, of.reference()[0]);
  expect_in_16_bits(test_case);
}

TEST(Attention, ManyQueriesNeverSeeWhatIsMasked) {
  Scenario of = many_queries(17);
  std::vector<float> values = {of.value.as<float>().begin(), of.value.as<float>().end()};
  for (std::size_t i = 0; i < 7; ++i) values[i] = kNan;  // of the first key
  std::vector<float> mask(101, 0.0f);
  mask[0] = -kInf;
  of.mask = floats({101}, mask);
  const Tensor expected = of.reference()[0];
  of.value = floats(of.value.shape(), values);
  OpCase test_case = of.op_case();
  test_case.outputs = 1;
  expect_output(test_case, expected);
  expect_in_16_bits(test_case);
}

TEST(Attention, LargerScoresMayComeLater) {
  Scenario of = with_past(scenario(4), 150);
  of.scale = 20;
  expect_reference(of);
}

TEST(Attention, CausalQueriesSeeThePastAndThemselves) {
  Scenario of = scenario(5);
  of.causal = true;
  expect_reference(of);
  expect_reference(with_past(of, 4));
}

TEST(Attention, WindowsBoundWhatAQuerySees) {
  for (const bool causal : {false, true}) {
    for (const std::int64_t left : {-1, 0, 1}) {
      for (const std::int64_t right : {-1, 0, 1}) {
        SCOPED_TRACE(std::to_string(left) + " to " + std::to_string(right));
        Scenario of = scenario(6);
        of.causal = causal;
        of.left = left;
        of.right = right;
        expect_reference(with_past(of, 2));
      }
    }
  }
  Scenario endless = scenario(6);
  endless.left = INT64_MAX;
  endless.right = INT64_MAX;
  const std::vector<Tensor> unbounded = scenario(6).reference();
  expect_outputs(endless.op_case(), unbounded);
}

TEST(Attention, MasksOfNumbersAreAdded) {
  Random random(7);
  for (const Shape& shape : {Shape{5}, Shape{3, 5}, Shape{4, 3, 5}, Shape{4, 1, 5},
                             Shape{2, 1, 3, 5}, Shape{2, 4, 3, 5}}) {
    SCOPED_TRACE(shape.to_string());
    Scenario of = scenario(7);
    of.mask = random.tensor(shape);
    of.softcap = 2;
    expect_reference(of);
    of.causal = true;
    expect_reference(of);
  }
}

TEST(Attention, MasksOfBoolsHideKeys) {
  Scenario of = scenario(8);
  of.mask = bools({3, 5}, {true, false, true, false, true,    //
                           false, false, false, false, true,  //
                           false, true, true, true, true});
  expect_reference(of);
  of.causal = true;
  expect_reference(of);
}

TEST(Attention, AShortMaskHidesTheKeysBeyondIt) {
  Scenario of = scenario(9);
  of.mask = Random(9).tensor({3, 4});
  expect_reference(of);
}

TEST(Attention, OnlyValidKeysAreSeen) {
  Scenario of = scenario(10);
  of.valid_keys = int64s({2}, {5, 2});
  expect_reference(of);
  of.causal = true;
  expect_reference(of);
}

TEST(Attention, AQueryWithoutKeysYieldsZeros) {
  Scenario of = scenario(11);
  of.mask = bools({3, 5}, std::vector<bool>(15, false));
  of.mode = 3;
  expect_outputs(of.op_case(), of.reference());
  of.mask = Tensor();
  of.valid_keys = int64s({2}, {0, 0});
  expect_outputs(of.op_case(), of.reference());
}

TEST(Attention, WhatIsMaskedNeverLeaks) {
  OpCase test_case{.op = "Attention",
                   .opset = 24,
                   .inputs = {floats({1, 1, 1, 1}, {1}), floats({1, 1, 3, 1}, {1, kNan, 1}),
                              floats({1, 1, 3, 1}, {2, kNan, 4}), bools({3}, {true, false, true})}};
  expect_output(test_case, floats({1, 1, 1, 1}, {3}));
  test_case.inputs[3] = floats({3}, {0, -kInf, 0});
  expect_output(test_case, floats({1, 1, 1, 1}, {3}));
  test_case.inputs[3] = bools({3}, {true, true, true});
  expect_output(test_case, floats({1, 1, 1, 1}, {kNan}));
}

TEST(Attention, TheDefaultScaleIsThatOfTheHeadSize) {
  expect_output(
      {.op = "Attention",
       .opset = 23,
       .inputs = {floats({1, 1, 1, 4}, {2, 0, 0, 0}),
                  floats({1, 1, 2, 4}, {1, 0, 0, 0, 0, 0, 0, 0}), floats({1, 1, 2, 1}, {1, 0})}},
      floats({1, 1, 1, 1}, {std::exp(1.0f) / (std::exp(1.0f) + 1)}));
}

TEST(Attention, BeforeOpset24AMaskOfOneKeyIsBroadcast) {
  OpCase test_case{.op = "Attention",
                   .opset = 23,
                   .inputs = {ramp({1, 1, 1, 1}), ramp({1, 1, 2, 1}), floats({1, 1, 2, 1}, {1, 3}),
                              floats({1}, {5})}};
  expect_output(test_case, floats({1, 1, 1, 1}, {2}));
  test_case.opset = 24;
  expect_output(test_case, floats({1, 1, 1, 1}, {1}));
}

TEST(Attention, ZeroExtentsAreLegal) {
  const auto attention = [](const Shape& query, const Shape& key) {
    return OpCase{.op = "Attention", .opset = 23, .inputs = {ramp(query), ramp(key), ramp(key)}};
  };
  expect_output(attention({0, 1, 2, 3}, {0, 1, 2, 3}), ramp({0, 1, 2, 3}));
  expect_output(attention({1, 1, 0, 3}, {1, 1, 2, 3}), ramp({1, 1, 0, 3}));
  expect_output(attention({1, 1, 1, 3}, {1, 1, 0, 3}), floats({1, 1, 1, 3}, {0, 0, 0}));
  OpCase of_two_heads = attention({1, 1, 2}, {1, 0, 2});
  of_two_heads.attributes["q_num_heads"] = std::int64_t{2};
  of_two_heads.attributes["kv_num_heads"] = std::int64_t{2};
  expect_output(of_two_heads, floats({1, 1, 2}, {0, 0}));
}

TEST(Attention, SharesNoBytes) { EXPECT_TRUE(aliases_of(scenario(12).op_case()).empty()); }

TEST(Attention, ValidKeysBeyondTheKeysAreRefusedWhileRunning) {
  for (const std::int64_t valid : {std::int64_t{-1}, std::int64_t{6}, INT64_MIN}) {
    Scenario of = scenario(13);
    of.valid_keys = int64s({2}, {1, valid});
    expect_failure(of.op_case(), Status::ERROR_RUNTIME, "nonpad_kv_seqlen is not in [0, 5]");
  }
}

void refuse(const OpCase& test_case, const std::string& text) {
  expect_failure(test_case, Status::ERROR_INVALID_MODEL, text);
}

TEST(Attention, BadShapesAreNamed) {
  Scenario of = scenario(14);
  of.key = ramp({2, 2, 5, 17});
  refuse(of.op_case(), "queries, keys and values do not fit: [2,4,3,18], [2,2,5,17] and [2,2,5,7]");
  of = scenario(14);
  of.query = ramp({2, 3, 3, 18});
  refuse(of.op_case(), "3 heads of queries cannot share 2 heads of keys");
  of = scenario(14);
  of.mask = ramp({2, 5});
  refuse(of.op_case(), "attn_mask [2,5] does not broadcast to [2,4,3,5]");
  of.mask = ramp({3, 6});
  refuse(of.op_case(), "attn_mask [3,6] does not broadcast to [2,4,3,5]");
  of = with_past(scenario(14), 4);
  of.past_value = ramp({2, 2, 3, 7});
  refuse(of.op_case(), "past_value (input 5): expected [2,2,4,7], found [2,2,3,7]");
  of.past_value = Tensor();
  refuse(of.op_case(), "expected past_key and past_value together or neither");
  of = with_past(scenario(14), 4);
  of.valid_keys = int64s({2}, {1, 1});
  refuse(of.op_case(), "expected nonpad_kv_seqlen or a past, not both");
  of = scenario(14);
  of.valid_keys = int64s({1}, {1});
  refuse(of.op_case(), "nonpad_kv_seqlen (input 6): expected [2], found [1]");
  OpCase without_heads = scenario(14).op_case();
  without_heads.inputs[0] = ramp({2, 3, 18});
  refuse(without_heads, "q_num_heads 0 does not divide the last extent of input 0, [2,3,18]");
}

TEST(Attention, EndlessExtentsAreRefused) {
  const std::int64_t endless = INT64_MAX;
  Scenario of = scenario(16);
  of.past_key = floats({0, 1, endless, 1}, {});
  of.past_value = of.past_key;
  expect_failure(of.op_case(), Status::ERROR_UNSUPPORTED, "a past of " + std::to_string(endless));
  of = scenario(16);
  of.query = floats({0, 1, endless, 1}, {});
  expect_failure(of.op_case(), Status::ERROR_UNSUPPORTED,
                 "an extent of " + std::to_string(endless));
}

TEST(Attention, BadAttributesAndTypesAreNamed) {
  Scenario of = scenario(15);
  of.mode = 4;
  refuse(of.op_case(), "qk_matmul_output_mode 4 is not in [0, 3]");
  of = scenario(15);
  of.left = -2;
  refuse(of.op_case(), "left_window_size -2 is below -1");
  OpCase imprecise = scenario(15).op_case();
  imprecise.attributes["softmax_precision"] = std::int64_t{10};
  expect_failure(imprecise, Status::ERROR_UNSUPPORTED, "softmax_precision float16");
  OpCase of_integers = scenario(15).op_case();
  of_integers.inputs[3] = int32s({1}, {1});
  expect_failure(of_integers, Status::ERROR_UNSUPPORTED, "type int32");
}

}  // namespace
}  // namespace mini_infer::test
