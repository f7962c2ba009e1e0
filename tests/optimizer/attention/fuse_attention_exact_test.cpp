#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "cpu/evaluator.h"
#include "ops/infer.h"
#include "optimizer/attention/fuse_attention_case.h"
#include "optimizer/optimizer.h"

// A fused attention gives what its nodes give, whatever numbers it meets: NaN, infinities, scores
// beyond the range, rows that are hidden completely.
namespace mini_infer::test {
namespace {

using core::DataType;
using core::Shape;
using core::Tensor;
using graph::Graph;
using graph::ValueId;

constexpr std::int64_t kTokens = 12;  // more than are computed one by one
constexpr std::int64_t kSize = 4;
const float kNan = std::numeric_limits<float>::quiet_NaN();

// Queries, keys and values as inputs, with what the test says between product and Softmax.
struct Plain : Builder {
  ValueId q = input("q", {1, 2, kTokens, kSize});
  ValueId k = input("k", {1, 2, kTokens, kSize});
  ValueId v = input("v", {1, 2, kTokens, kSize});

  // `query_scale` before the product, `scale` after it.
  ValueId scores(float query_scale, float scale) {
    const ValueId keys = transpose("keys", k, {0, 1, 3, 2});
    const ValueId queries =
        query_scale == 1 ? q : mul("queries", q, scalar("query_scale", query_scale));
    const ValueId raw = node("MatMul", "product", {queries, keys});
    return scale == 1 ? raw : mul("scaled", raw, scalar("scale", scale));
  }

  void finish(ValueId masked, bool guard) {
    ValueId weights = node("Softmax", "weights", {masked}, {{"axis", std::int64_t{-1}}});
    if (guard) {
      weights =
          node("Where", "guarded", {node("IsNaN", "bad", {weights}), scalar("zero", 0), weights});
    }
    output(node("MatMul", "y", {weights, v}));
  }
};

Tensor computed(Graph graph, const std::map<std::string, Tensor>& inputs) {
  for (const ValueId input : graph.inputs) {
    graph.value(input).constant = inputs.at(graph.value(input).name);
  }
  const core::Status status = ops::infer(graph, cpu::evaluate);
  EXPECT_TRUE(status.ok()) << status.message();
  return graph.value(graph.outputs[0]).constant.value();
}

void expect_same(const Tensor& fused, const Tensor& plain) {
  const auto a = fused.as<float>();
  const auto e = plain.as<float>();
  ASSERT_EQ(a.size(), e.size());
  for (std::size_t i = 0; i < e.size(); ++i) {
    if (std::isnan(e[i])) {
      ASSERT_TRUE(std::isnan(a[i])) << "element " << i << " is " << a[i];
    } else if (std::isinf(e[i])) {
      ASSERT_EQ(a[i], e[i]) << "element " << i;
    } else {
      ASSERT_NEAR(a[i], e[i], 1e-6f + 1e-5f * std::fabs(e[i])) << "element " << i;
    }
  }
}

using Inputs = std::map<std::string, Tensor>;

void put(Tensor& tensor, std::int64_t token, std::int64_t element, float number) {
  const auto values = tensor.as<float>();
  std::vector<float> changed(values.begin(), values.end());
  changed[static_cast<std::size_t>(token * kSize + element)] = number;
  tensor = floats(tensor.shape(), changed);
}

// One number that is not like the others, at an early or a late token.
std::vector<std::function<void(Inputs&)>> faults() {
  std::vector<std::function<void(Inputs&)>> all = {[](Inputs&) {}};
  for (const std::int64_t token : {std::int64_t{1}, kTokens - 2}) {
    for (const float number : {kNan, kInf, -kInf}) {
      for (const char* name : {"q", "k", "v"}) {
        all.push_back([=](Inputs& inputs) { put(inputs.at(name), token, 1, number); });
      }
    }
    for (const float number : {1e20f, -1e20f}) {
      all.push_back([=](Inputs& inputs) {
        put(inputs.at("q"), 5, 0, 1e20f);
        put(inputs.at("k"), token, 0, number);
      });
      all.push_back([=](Inputs& inputs) {  // finite only if the query is scaled first
        put(inputs.at("q"), 5, 0, 2e19f);
        for (std::int64_t k = 0; k < kTokens; ++k) put(inputs.at("k"), k, 0, number / 5);
      });
    }
    all.push_back([=](Inputs& inputs) { put(inputs.at("v"), token, 0, 3e38f); });
  }
  return all;
}

// What is between the scores and the Softmax.
using Masking = std::function<ValueId(Builder&, ValueId scores)>;

void expect_same_answers(const Masking& masking, const Inputs& masks = {}) {
  for (const bool guard : {false, true}) {
    for (const bool early : {false, true}) {
      Plain b;
      const ValueId scores = b.scores(early ? 0.1f : 1.0f, early ? 1.0f : 0.1f);
      b.finish(masking(b, scores), guard);
      const Graph plain = b.graph();
      Graph fused = plain;
      const std::vector<std::string> passes = {"remove-identity", "fuse-attention"};
      ASSERT_TRUE(
          optimizer::optimize(fused, {.passes = passes, .after_pass = {}}, cpu::evaluate).ok());
      ASSERT_EQ(op_list(fused).substr(op_list(fused).rfind(' ') + 1), kFused);
      int number = 0;
      for (const auto& fault : faults()) {
        SCOPED_TRACE(std::string(guard ? "guarded" : "bare") + (early ? ", scaled early" : "") +
                     ", fault " + std::to_string(number++));
        Inputs inputs = masks;
        inputs["q"] = noise({1, 2, kTokens, kSize}, 1);
        inputs["k"] = noise({1, 2, kTokens, kSize}, 2);
        inputs["v"] = noise({1, 2, kTokens, kSize}, 3);
        fault(inputs);
        ASSERT_NO_FATAL_FAILURE(expect_same(computed(fused, inputs), computed(plain, inputs)));
      }
    }
  }
}

// Hidden: the keys of the future, or every third key and all of every fourth query's.
bool is_hidden(bool causal, std::int64_t i) {
  const std::int64_t query = i / kTokens;
  const std::int64_t key = i % kTokens;
  return causal ? key > query : key % 3 == 1 || query % 4 == 2;
}

Tensor added_mask(bool causal, float hidden) {
  std::vector<float> mask;
  for (std::int64_t i = 0; i < kTokens * kTokens; ++i) {
    mask.push_back(is_hidden(causal, i) ? hidden : 0.0f);
  }
  return floats({1, 1, kTokens, kTokens}, mask);
}

Tensor keeping_mask(bool causal) {
  std::vector<std::uint8_t> mask;
  for (std::int64_t i = 0; i < kTokens * kTokens; ++i) mask.push_back(!is_hidden(causal, i));
  return bools({1, 1, kTokens, kTokens}, mask);
}

const float kHiddenScores[] = {-kInf, kLowest, -1e30f, -1e4f};

TEST(FuseAttentionExactly, WithoutAMask) {
  expect_same_answers([](Builder&, ValueId scores) { return scores; });
}

TEST(FuseAttentionExactly, NumbersThatAreAdded) {
  for (const float hidden : kHiddenScores) {
    for (const bool causal : {false, true}) {
      SCOPED_TRACE(std::to_string(hidden) + (causal ? ", causal" : ""));
      const Tensor mask = added_mask(causal, hidden);
      expect_same_answers([&](Builder& b, ValueId scores) {
        return b.add("masked", scores, b.constant("mask", mask));
      });
      expect_same_answers(
          [&](Builder& b, ValueId scores) {
            return b.add("masked", scores, b.input("mask", mask.shape()));
          },
          {{"mask", mask}});
    }
  }
}

TEST(FuseAttentionExactly, BoolsThatKeepOrHide) {
  for (const float hidden : kHiddenScores) {
    for (const bool causal : {false, true}) {
      SCOPED_TRACE(std::to_string(hidden) + (causal ? ", causal" : ""));
      const Tensor mask = keeping_mask(causal);
      expect_same_answers([&](Builder& b, ValueId scores) {
        return b.node("Where", "masked",
                      {b.constant("keep", mask), scores, b.scalar("hidden", hidden)});
      });
      expect_same_answers(
          [&](Builder& b, ValueId scores) {
            return b.node("Where", "masked",
                          {b.input("hide", mask.shape(), DataType::kBool),
                           b.scalar("hidden", hidden), scores});
          },
          {{"hide", mask}});
    }
  }
}

// GPT-2: a causal constant, then the mask of the caller.
TEST(FuseAttentionExactly, BoolsThatAreCausalThenNumbers) {
  for (const float hidden : {-kInf, kLowest}) {
    for (const float added : {-kInf, kLowest, -1e4f, 3e38f, kNan}) {
      SCOPED_TRACE(std::to_string(hidden) + " and " + std::to_string(added));
      expect_same_answers(
          [&](Builder& b, ValueId scores) {
            auto causal = b.node(
                "Where", "causal",
                {b.constant("keep", keeping_mask(true)), scores, b.scalar("hidden", hidden)});
            return b.add("masked", causal, b.input("mask", {1, 1, kTokens, kTokens}));
          },
          {{"mask", added_mask(false, added)}});
    }
  }
}

TEST(FuseAttentionExactly, NumbersThatAreCausalThenOthers) {
  for (const float hidden : {-kInf, kLowest}) {
    SCOPED_TRACE(hidden);
    expect_same_answers(
        [&](Builder& b, ValueId scores) {
          auto first = b.add("first", scores, b.input("mask", {1, 1, kTokens, kTokens}));
          return b.add("masked", first, b.constant("causal", added_mask(true, hidden)));
        },
        {{"mask", added_mask(false, kLowest)}});
  }
}

TEST(FuseAttentionExactly, BoolsThatFollowEachOther) {
  for (const bool causal : {false, true}) {
    expect_same_answers(
        [&](Builder& b, ValueId scores) {
          auto low = b.scalar("low", kLowest);
          auto first =
              b.node("Where", "first",
                     {b.input("keep", {1, 1, kTokens, kTokens}, DataType::kBool), scores, low});
          return b.node("Where", "masked", {b.constant("also", keeping_mask(causal)), first, low});
        },
        {{"keep", keeping_mask(false)}});
  }
}

}  // namespace
}  // namespace mini_infer::test
