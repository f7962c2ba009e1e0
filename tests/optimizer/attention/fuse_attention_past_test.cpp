#include <gtest/gtest.h>

#include "optimizer/attention/fuse_attention_case.h"

namespace mini_infer::test {
namespace {

using core::DataType;
using core::Shape;
using core::Tensor;
using graph::kNoValue;
using graph::ValueId;

// --- Keys and values of the past ---

struct Decoder : Attended {
  ValueId new_k = projected("k", {0, 2, 1, 3});
  ValueId new_v = projected("v", {0, 2, 1, 3});
  ValueId past_k = input("past_k", {2, 2, 5, 4});
  ValueId past_v = input("past_v", {2, 2, 5, 4});

  ValueId joined(const std::string& name, ValueId past, ValueId fresh, std::int64_t axis = 2) {
    return node("Concat", name, {past, fresh}, {{"axis", axis}});
  }
  void attend(ValueId k, ValueId v, ValueId mask = kNoValue) {
    auto q = projected("q", {0, 2, 1, 3});
    auto scores = matmul("product", q, transpose("k_t", k, {0, 1, 3, 2}));
    if (mask != kNoValue) scores = add("masked", scores, mask);
    output(merge_heads("y", matmul("context", softmax(scores), v)));
  }
};

TEST(FuseAttention, ThePresentIsAnOutput) {
  Decoder b;
  auto k = b.joined("present_k", b.past_k, b.new_k);
  auto v = b.joined("present_v", b.past_v, b.new_v, -2);
  b.attend(k, v);
  b.output(k);
  b.output(v);
  const graph::Graph fused = run(b);
  EXPECT_EQ(op_list(fused), kBertFused);
  EXPECT_EQ(last_line(fused),
            "%y float32[2,3,8], %present_k float32[2,2,8,4], %present_v float32[2,2,8,4] = "
            "mini_infer.Attention(%q, %k, %v, -, %past_k, %past_v) key=[2,2,3,4,0,24,4,8] "
            "output=[2,2,3,4,0,24,4,8] output_shape=[2,3,8] "
            "past_key=[2,2,5,4,0,40,20,4] past_value=[2,2,5,4,0,40,20,4] "
            "query=[2,2,3,4,0,24,4,8] scale=1 softmax=\"written_out\" value=[2,2,3,4,0,24,4,8]");
}

TEST(FuseAttention, APresentThatNobodyReadsIsNotWritten) {
  Decoder b;
  auto k = b.joined("present_k", b.past_k, b.new_k);
  b.attend(k, b.joined("present_v", b.past_v, b.new_v));
  EXPECT_EQ(run(b).nodes().back().outputs.size(), 1u);
  Decoder c;
  auto v = c.joined("present_v", c.past_v, c.new_v);
  c.attend(c.joined("present_k", c.past_k, c.new_k), v);
  c.output(v);
  EXPECT_TRUE(last_line(run(c)).starts_with("%y float32[2,3,8], -, %present_v"));
}

// A decoder whose pasts are two parts of a stack.
struct Stacked : Decoder {
  ValueId part(const std::string& name, ValueId stack, std::int64_t index) {
    return node("Gather", name, {stack, constant(name + "_index", int64s({index}).reshaped({}))});
  }
  void attend_stack(ValueId stack) {
    attend(joined("present_k", part("k_past", stack, 0), new_k),
           joined("present_v", part("v_past", stack, 1), new_v));
  }
};

TEST(FuseAttention, PastsInOneTensorAreReadInPlace) {
  Stacked b;
  b.attend_stack(b.input("past", {2, 2, 2, 5, 4}));
  const graph::Graph fused = run(b);
  EXPECT_EQ(op_list(fused), kBertFused);
  EXPECT_NE(last_line(fused).find("past_key=[2,2,5,4,0,40,20,4] past_value=[2,2,5,4,80,40,20,4]"),
            std::string::npos);
}

// Reading them in place would keep the other parts alive until then.
TEST(FuseAttention, TheLastPartsOfALargerTensorAreCopied) {
  Stacked b;
  b.attend_stack(b.input("past", {5, 2, 2, 5, 4}));
  EXPECT_EQ(op_list(run(b)),
            "MatMul Add MatMul Add Gather Gather MatMul Add " + std::string(kFused));
}

TEST(FuseAttention, PartsOfATensorThatIsReadLaterAreReadInPlace) {
  Stacked b;
  auto stack = b.input("past", {5, 2, 2, 5, 4});
  b.attend_stack(stack);
  b.output(b.part("later", stack, 2));
  EXPECT_EQ(op_list(run(b)), kBertFused + " Gather");
}

TEST(FuseAttention, ThePastCountsInACausalConstant) {
  Decoder b;
  std::vector<float> mask(24, 0);
  for (const std::size_t hidden : {6, 7, 15}) mask[hidden] = -kInf;
  b.attend(b.joined("present_k", b.past_k, b.new_k), b.joined("present_v", b.past_v, b.new_v),
           b.constant("mask", floats({3, 8}, mask)));
  EXPECT_EQ(run(b).nodes().back().get_int("is_causal", 0), 1);
}

TEST(FuseAttention, AGroupThatSharesKeysOfThePast) {
  Attended b;
  auto past = b.input("past", {2, 2, 4, 4});
  auto present =
      b.node("Concat", "present", {past, b.input("k", {2, 2, 1, 4})}, {{"axis", std::int64_t{2}}});
  auto q = b.input("q", {2, 6, 1, 4});
  auto k = b.transpose("k_t", repeated(b, "k_all", present, false), {0, 1, 3, 2});
  auto past_v = b.input("past_v", {2, 2, 4, 4});
  auto present_v = b.node("Concat", "present_v", {past_v, b.input("v", {2, 2, 1, 4})},
                          {{"axis", std::int64_t{2}}});
  b.output(
      b.matmul("y", b.softmax(b.matmul("product", q, k)), repeated(b, "v_all", present_v, false)));
  b.output(present);
  EXPECT_EQ(op_list(run(b)), kFused);
}

TEST(FuseAttention, APastAlongAnotherAxisIsJoinedBefore) {
  Decoder b;
  auto k = b.joined("present_k", b.past_k, b.input("more_k", {2, 2, 5, 4}), 1);
  auto v = b.joined("present_v", b.past_v, b.input("more_v", {2, 2, 5, 4}), 1);
  auto q = b.input("q4", {2, 4, 3, 4});
  auto weights = b.softmax(b.matmul("product", q, b.transpose("k_t", k, {0, 1, 3, 2})));
  b.output(b.matmul("y", weights, v));
  EXPECT_EQ(op_list(run(b)), "Concat Concat " + std::string(kFused));
}

TEST(FuseAttention, APastOfKeysAloneIsJoinedBefore) {
  Decoder b;
  b.attend(b.joined("present_k", b.past_k, b.new_k), b.input("all_v", {2, 2, 8, 4}));
  EXPECT_EQ(op_list(run(b)),
            "MatMul Add Reshape Transpose Concat MatMul Add " + std::string(kFused));
}

TEST(FuseAttention, QueriesMadeOfThePresentNeedItBefore) {
  Decoder b;
  auto k = b.joined("present_k", b.past_k, b.new_k);
  auto v = b.joined("present_v", b.past_v, b.new_v);
  auto scores = b.matmul("product", k, b.transpose("k_t", k, {0, 1, 3, 2}));
  b.output(b.matmul("y", b.softmax(scores), v));
  EXPECT_EQ(op_list(run(b)),
            "MatMul Add Reshape Transpose MatMul Add Reshape Transpose Concat Concat " +
                std::string(kFused));
}

// --- The operator of the standard ---

ValueId attention(Builder& b, Builder::Values inputs, Builder::Attributes attributes = {},
                  int opset = 23) {
  return b.node("Attention", "attention", std::move(inputs), std::move(attributes), opset);
}

TEST(FuseAttention, TheStandardsOperatorReadsInPlace) {
  Packed b;
  auto parts = b.node_of_many("Split", "part", {b.qkv, b.constant("parts", int64s({8, 8, 8}))}, 3,
                              {{"axis", std::int64_t{-1}}});
  auto q = b.split_heads("q", parts[0]);
  auto k = b.split_heads("k", parts[1]);
  auto made = attention(b, {q, k, b.split_heads("v", parts[2])},
                        {{"is_causal", std::int64_t{1}}, {"scale", 0.25f}});
  b.output(b.merge_heads("y", made));
  EXPECT_EQ(b.line(),
            "%y float32[2,3,8] = mini_infer.Attention(%qkv, %qkv, %qkv) is_causal=1 "
            "key=[2,2,3,4,8,72,4,24] output=[2,2,3,4,0,24,4,8] output_shape=[2,3,8] "
            "query=[2,2,3,4,0,72,4,24] scale=0.25 value=[2,2,3,4,16,72,4,24]");
}

TEST(FuseAttention, TheStandardsOperatorOfMergedHeads) {
  Packed b;
  auto parts = b.node_of_many("Split", "part", {b.qkv, b.constant("parts", int64s({8, 8, 8}))}, 3,
                              {{"axis", std::int64_t{-1}}});
  b.output(
      attention(b, parts, {{"q_num_heads", std::int64_t{2}}, {"kv_num_heads", std::int64_t{2}}}));
  EXPECT_TRUE(b.line().starts_with("%attention float32[2,3,8] = mini_infer.Attention(%qkv, %qkv"));
}

TEST(FuseAttention, TheStandardsOperatorWithAPast) {
  Stacked b;
  auto stack = b.input("past", {2, 2, 2, 5, 4});
  auto q = b.split_heads("q", b.x);
  auto past_k = b.part("k_past", stack, 0);
  auto past_v = b.part("v_past", stack, 1);
  auto made = b.node_of_many(
      "Attention", "y", {q, b.new_k, b.new_v, b.input("mask", {3, 8}), past_k, past_v}, 3, {}, 23);
  for (ValueId output : made) b.output(output);
  EXPECT_EQ(op_list(run(b)), "MatMul Add MatMul Add " + std::string(kFused));
}

TEST(FuseAttention, TheStandardsOperatorThatGainsNothingStays) {
  Attended b;
  auto heads = b.input("heads", {2, 2, 3, 4});
  b.output(attention(b, {heads, heads, heads}));
  EXPECT_EQ(op_list(run(b)), "Attention");
}

TEST(FuseAttention, TheStandardsOperatorThatMeansMoreStays) {
  Attended padded;
  auto heads = padded.split_heads("heads", padded.x);
  padded.output(attention(padded, {heads, heads, heads, padded.input("mask", {3, 2})}, {}, 24));
  EXPECT_EQ(op_list(run(padded)), "Reshape Transpose Attention");
  Attended shown;
  heads = shown.split_heads("heads", shown.x);
  for (ValueId output : shown.node_of_many("Attention", "y", {heads, heads, heads}, 4, {}, 23)) {
    shown.output(output);
  }
  EXPECT_EQ(op_list(run(shown)), "Reshape Transpose Attention");
}

}  // namespace
}  // namespace mini_infer::test
