#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>

#include "ops/alias_case.h"
#include "ops/spatial_case.h"

// mini_infer.Attention: as Attention, of heads that lie anywhere in its inputs.
namespace mini_infer::test {
namespace {

using core::Shape;
using core::Status;
using core::Tensor;
using Ints = std::vector<std::int64_t>;

const float kInf = std::numeric_limits<float>::infinity();
const float kNan = std::numeric_limits<float>::quiet_NaN();

// Two samples, three tokens, two heads of four, the queries, keys and values of a token side by
// side: [2,3,24].
OpCase packed() {
  return {.op = "Attention",
          .domain = "mini_infer",
          .opset = 1,
          .attributes = {{"query", Ints{2, 2, 3, 4, 0, 72, 4, 24}},
                         {"key", Ints{2, 2, 3, 4, 8, 72, 4, 24}},
                         {"value", Ints{2, 2, 3, 4, 16, 72, 4, 24}},
                         {"output", Ints{2, 2, 3, 4, 0, 24, 4, 8}},
                         {"output_shape", Ints{2, 3, 8}}},
          .inputs = {Random(1).tensor({2, 3, 24}), Tensor(), Tensor()}};
}

OpCase with_one_tensor(OpCase test_case) {
  test_case.inputs[1] = test_case.inputs[0];
  test_case.inputs[2] = test_case.inputs[0];
  return test_case;
}

// [2,3,8] of [2,3,24], from column `first` on.
Tensor part(const Tensor& packed, std::int64_t first) {
  std::vector<float> values;
  for (std::int64_t token = 0; token < 6; ++token) {
    const auto row = packed.as<float>().subspan(static_cast<std::size_t>(token * 24 + first), 8);
    values.insert(values.end(), row.begin(), row.end());
  }
  return floats({2, 3, 8}, std::move(values));
}

// The same attention by the operator of the standard, of three tensors with merged heads.
OpCase standard(const Tensor& packed) {
  return {.op = "Attention",
          .opset = 23,
          .attributes = {{"q_num_heads", std::int64_t{2}}, {"kv_num_heads", std::int64_t{2}}},
          .inputs = {part(packed, 0), part(packed, 8), part(packed, 16)}};
}

TEST(StridedAttention, ReadsPartsOfOneTensor) {
  const OpCase test_case = with_one_tensor(packed());
  const auto expected = run(standard(test_case.inputs[0]));
  ASSERT_TRUE(expected.ok());
  expect_output(test_case, (*expected)[0]);
}

TEST(StridedAttention, WritesHeadsInAnotherOrder) {
  OpCase test_case = with_one_tensor(packed());
  test_case.attributes["output"] = Ints{2, 2, 3, 4, 0, 8, 4, 16};  // tokens before samples
  test_case.attributes["output_shape"] = Ints{3, 2, 8};
  const auto expected = run(standard(test_case.inputs[0]));
  ASSERT_TRUE(expected.ok());
  expect_output(test_case, transposed((*expected)[0], {1, 0, 2}));
}

TEST(StridedAttention, APastLiesAnywhereToo) {
  OpCase test_case = with_one_tensor(packed());
  OpCase plain = standard(test_case.inputs[0]);
  const Tensor past = Random(2).tensor({2, 2, 2, 5, 4});  // keys and values, batch, heads, ...
  const auto half = [&](std::size_t index) {
    const auto values = past.as<float>().subspan(index * 80, 80);
    return floats({2, 2, 5, 4}, {values.begin(), values.end()});
  };
  test_case.inputs.insert(test_case.inputs.end(), {Tensor(), past, past});
  test_case.attributes["past_key"] = Ints{2, 2, 5, 4, 0, 40, 20, 4};
  test_case.attributes["past_value"] = Ints{2, 2, 5, 4, 80, 40, 20, 4};
  plain.inputs.insert(plain.inputs.end(), {Tensor(), half(0), half(1)});
  test_case.outputs = plain.outputs = 3;
  const auto expected = run(plain);
  ASSERT_TRUE(expected.ok());
  expect_outputs(test_case, *expected);
}

TEST(StridedAttention, AStepOfZeroReadsTheSameAgain) {
  const Tensor one = ramp({4});
  expect_output({.op = "Attention",
                 .domain = "mini_infer",
                 .opset = 1,
                 .attributes = {{"query", Ints{2, 1, 1, 4, 0, 0, 0, 0}},
                                {"key", Ints{2, 1, 3, 4, 0, 0, 0, 0}},
                                {"value", Ints{2, 1, 3, 4, 0, 0, 0, 0}},
                                {"output", Ints{2, 1, 1, 4, 0, 4, 0, 0}},
                                {"output_shape", Ints{2, 4}}},
                 .inputs = {one, one, one}},
                floats({2, 4}, {0, 1, 2, 3, 0, 1, 2, 3}));
}

// One query and two keys, whose values are 1 and 3.
OpCase masked(Tensor mask) {
  const Ints one{1, 1, 1, 1, 0, 0, 0, 0};
  const Ints two{1, 1, 2, 1, 0, 0, 0, 1};
  return {.op = "Attention",
          .domain = "mini_infer",
          .opset = 1,
          .attributes = {{"query", one},
                         {"key", two},
                         {"value", two},
                         {"output", one},
                         {"output_shape", Ints{1}}},
          .inputs = {floats({1}, {0}), floats({2}, {5, 7}), floats({2}, {1, 3}), std::move(mask)}};
}

TEST(StridedAttention, WhatAMaskOfBoolsHidesHasTheScoreItSays) {
  OpCase test_case = masked(bools({2}, {true, false}));
  expect_output(test_case, floats({1}, {1}));
  test_case.attributes["masked_score"] = std::log(0.25f);
  expect_output(test_case, floats({1}, {(1 + 0.25f * 3) / 1.25f}));
  test_case.attributes["masked_score"] = std::numeric_limits<float>::lowest();
  expect_output(test_case, floats({1}, {1}));
  test_case.inputs[3] = bools({2}, {false, false});
  expect_output(test_case, floats({1}, {2}));  // all hidden alike: their mean
}

TEST(StridedAttention, AQueryThatSeesNothingYieldsZeroOrNan) {
  for (const Tensor& mask : {bools({2}, {false, false}), floats({2}, {-kInf, -kInf})}) {
    OpCase test_case = masked(mask);
    expect_output(test_case, floats({1}, {0}));
    test_case.attributes["softmax"] = "written_out";
    expect_output(test_case, floats({1}, {kNan}));
    test_case.attributes["softmax"] = "nan_is_zero";
    expect_output(test_case, floats({1}, {0}));
  }
}

TEST(StridedAttention, SharesNoBytes) {
  EXPECT_TRUE(aliases_of(with_one_tensor(packed())).empty());
}

void refuse(const std::string& key, const Ints& stated, const std::string& text) {
  OpCase test_case = with_one_tensor(packed());
  test_case.attributes[key] = stated;
  expect_failure(test_case, Status::ERROR_INVALID_MODEL, text);
}

TEST(StridedAttention, HeadsOutsideTheirTensorAreRefused) {
  refuse("query", {2, 2, 3, 4}, "query: expected 8 numbers, found 4");
  refuse("query", {2, 2, 3, 4, 17, 72, 4, 24}, "query reaches beyond [2,3,24]");
  refuse("key", {2, 2, 3, 4, 8, 72, 20, 24}, "key reaches beyond [2,3,24]");
  refuse("value", {2, 2, 3, 4, 16, INT64_MAX, 4, 24}, "value reaches beyond [2,3,24]");
  refuse("value", {2, 2, 3, 4, INT64_MAX, 72, 4, 24}, "value reaches beyond [2,3,24]");
  refuse("value", {2, 2, 3, 4, -1, 72, 4, 24}, "value: expected extents above 0 and steps");
  refuse("value", {2, 2, 3, INT64_MAX, 0, 0, 0, 0}, "value: expected extents above 0 and steps");
  refuse("value", {2, 2, 3, 145, 0, 0, 0, 0}, "value reaches beyond [2,3,24]");
}

TEST(StridedAttention, WhateverIsStatedIsAnErrorOrRuns) {
  constexpr std::array<std::int64_t, 4> kExtents = {0, 1, 2, 3};
  constexpr std::array<std::int64_t, 8> kSteps = {-1, 0, 1, 4, 24, 1 << 30, INT64_MAX, INT64_MIN};
  Random random(5);
  int ran = 0;
  for (int i = 0; i < 3000; ++i) {
    OpCase test_case = with_one_tensor(packed());
    const char* const keys[] = {"query", "key", "value", "output"};
    const auto slot = static_cast<std::size_t>(random.number(0, 3));
    auto stated = std::get<Ints>(test_case.attributes[keys[slot]]);
    for (std::size_t at = 0; at < stated.size(); ++at) {
      if (random.number(0, 3) != 0) continue;
      stated[at] = at < 4 ? kExtents[static_cast<std::size_t>(random.number(0, 3))]
                          : kSteps[static_cast<std::size_t>(random.number(0, 7))];
    }
    test_case.attributes[keys[slot]] = stated;
    ran += run(test_case).ok() ? 1 : 0;
  }
  EXPECT_GT(ran, 100);
}

TEST(StridedAttention, HeadsThatDoNotFitAreRefused) {
  refuse("key", {2, 2, 2, 4, 8, 72, 4, 24},
         "queries, keys and values do not fit: [2,2,3,4], [2,2,2,4] and [2,2,3,4]");
  refuse("output_shape", {2, 3, 9}, "output_shape [2,3,9] does not hold [2,2,3,4]");
  refuse("output_shape", {-2, 3, -8}, "output_shape [-2,3,-8] does not hold [2,2,3,4]");
  refuse("output", {2, 2, 3, 4, 0, 24, 4, 9}, "output reaches beyond [2,3,8]");
  refuse("output", {2, 3, 2, 4, 0, 24, 4, 8}, "output: expected [2,2,3,4], found [2,3,2,4]");
}

TEST(StridedAttention, APastThatDoesNotFitIsRefused) {
  OpCase test_case = with_one_tensor(packed());
  const Tensor past = ramp({2, 2, 5, 4});
  test_case.inputs.insert(test_case.inputs.end(), {Tensor(), past, past});
  test_case.attributes["past_key"] = Ints{2, 2, 5, 4, 0, 40, 20, 4};
  test_case.attributes["past_value"] = Ints{2, 2, 4, 4, 0, 40, 20, 4};
  expect_failure(test_case, Status::ERROR_INVALID_MODEL,
                 "past_value: expected [2,2,5,4], found [2,2,4,4]");
}

}  // namespace
}  // namespace mini_infer::test
