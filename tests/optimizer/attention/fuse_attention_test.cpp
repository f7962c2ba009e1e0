#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "optimizer/attention/fuse_attention_case.h"

namespace mini_infer::test {
namespace {

using core::DataType;
using core::Shape;
using core::Tensor;
using graph::kNoValue;
using graph::ValueId;

TEST(FuseAttention, Bert) {
  Bert b;
  auto mask = b.input("mask", {2, 1, 1, 3});
  b.finish(b.add("masked", b.divided("scaled", b.product, 2), mask));
  EXPECT_EQ(nodes_text(run(b)),
            "%q_mm float32[2,3,8] = MatMul(%x, %q_w)\n"
            "%q float32[2,3,8] = Add(%q_mm, %q_b)\n"
            "%k_mm float32[2,3,8] = MatMul(%x, %k_w)\n"
            "%k float32[2,3,8] = Add(%k_mm, %k_b)\n"
            "%v_mm float32[2,3,8] = MatMul(%x, %v_w)\n"
            "%v float32[2,3,8] = Add(%v_mm, %v_b)\n"
            "%y float32[2,3,8] = mini_infer.Attention(%q, %k, %v, %mask) "
            "key=[2,2,3,4,0,24,4,8] output=[2,2,3,4,0,24,4,8] "
            "output_shape=[2,3,8] query=[2,2,3,4,0,24,4,8] scale=0.5 softmax=\"written_out\" "
            "value=[2,2,3,4,0,24,4,8]\n");
}

TEST(FuseAttention, KeysTransposedTwice) {
  Attended b;
  auto q = b.projected("q", {0, 2, 1, 3});
  auto k = b.transpose("k_t", b.projected("k", {0, 2, 1, 3}), {0, 1, 3, 2});
  auto weights = b.softmax(b.matmul("product", q, k));
  b.output(b.merge_heads("y", b.matmul("c", weights, b.projected("v", {0, 2, 1, 3}))));
  EXPECT_EQ(op_list(run(b)), kBertFused);
}

TEST(FuseAttention, OfGraphInputsAsTheyAre) {
  Attended b;
  auto k = b.transpose("k_t", b.input("k", {2, 2, 5, 4}), {0, 1, 3, 2});
  auto weights = b.softmax(b.matmul("product", b.input("q", {2, 2, 3, 4}), k));
  b.output(b.matmul("y", weights, b.input("v", {2, 2, 5, 6})));
  EXPECT_EQ(
      nodes_text(run(b)),
      "%y float32[2,2,3,6] = mini_infer.Attention(%q, %k, %v) key=[2,2,5,4,0,40,20,4] "
      "output=[2,2,3,6,0,36,18,6] output_shape=[2,2,3,6] "
      "query=[2,2,3,4,0,24,12,4] scale=1 softmax=\"written_out\" value=[2,2,5,6,0,60,30,6]\n");
}

// --- Scales ---

// Of the queries, before their products with keys: these may overflow otherwise.
float query_scale_of(const graph::Graph& graph) {
  const graph::Node& attention = graph.nodes().back();
  EXPECT_TRUE(attention.is("Attention", "mini_infer"));
  EXPECT_EQ(attention.get_float("scale", 0), 1);
  return attention.get_float("query_scale", 0);
}

TEST(FuseAttention, TheScaleOnTheQueries) {
  for (const bool before_heads : {false, true}) {
    Attended b;
    auto q = b.linear("q", b.x, 8, 8);
    if (before_heads) q = b.divided("q_scaled", q, 4);
    q = b.split_heads("q_heads", q);
    if (!before_heads) q = b.mul("q_scaled", b.scalar("quarter", 0.25f), q);
    auto weights = b.softmax(b.matmul("product", q, b.projected("k", {0, 2, 3, 1})));
    b.output(b.merge_heads("y", b.matmul("c", weights, b.projected("v", {0, 2, 1, 3}))));
    const graph::Graph fused = run(b);
    EXPECT_EQ(op_list(fused), kBertFused);
    EXPECT_FLOAT_EQ(query_scale_of(fused), 0.25f);
  }
}

// scaled_dot_product_attention, which gives half of the scale to either side and transposes the
// keys as a stack of matrices.
TEST(FuseAttention, TheRootOfTheScaleOnBothSides) {
  Attended b;
  auto root = b.scalar("root", std::sqrt(0.5f));
  auto q = b.mul("q_scaled", b.projected("q", {0, 2, 1, 3}), root);
  auto stack = b.reshape("k_stack", b.projected("k", {0, 2, 1, 3}), {-1, 3, 4});
  auto k = b.reshape("k_back", b.transpose("k_t", stack, {0, 2, 1}), {2, 2, 4, 3});
  auto weights = b.softmax(b.matmul("product", q, b.mul("k_scaled", k, root)));
  b.output(b.merge_heads("y", b.matmul("c", weights, b.projected("v", {0, 2, 1, 3}))));
  const graph::Graph fused = run(b);
  EXPECT_EQ(op_list(fused), kBertFused);
  EXPECT_FLOAT_EQ(query_scale_of(fused), 0.5f);
}

TEST(FuseAttention, AScaleThatIsNoScalarConstantStays) {
  Bert b;
  b.finish(b.mul("scaled", b.product, b.weights("by_head", {2, 1, 1})));
  EXPECT_EQ(b.ops().find(kFused), std::string::npos);
  Bert c;
  c.finish(c.mul("scaled", c.product, c.input("factor", {})));
  EXPECT_EQ(c.ops().find(kFused), std::string::npos);
}

TEST(FuseAttention, AScaleAfterTheMaskStays) {
  Bert b;
  auto masked = b.add("masked", b.product, b.input("mask", {2, 1, 1, 3}));
  b.finish(b.divided("scaled", masked, 2));
  EXPECT_EQ(b.ops().find(kFused), std::string::npos);
}

TEST(FuseAttention, ValuesAreNotScaled) {
  Attended b;
  auto v = b.divided("v_scaled", b.projected("v", {0, 2, 1, 3}), 2);
  auto product =
      b.matmul("product", b.projected("q", {0, 2, 1, 3}), b.projected("k", {0, 2, 3, 1}));
  b.output(b.merge_heads("y", b.matmul("c", b.softmax(product), v)));
  EXPECT_EQ(op_list(run(b)),
            "MatMul Add Reshape Transpose Div MatMul Add MatMul Add " + std::string(kFused));
}

// --- Packed and otherwise laid out heads ---

TEST(FuseAttention, PackedAndSplit) {
  Packed b;
  auto parts = b.node_of_many("Split", "part", {b.qkv, b.constant("parts", int64s({8, 8, 8}))}, 3,
                              {{"axis", std::int64_t{-1}}});
  b.attend(b.split_heads("q", parts[0]), b.split_heads("k", parts[1], {0, 2, 3, 1}),
           b.split_heads("v", parts[2]));
  EXPECT_EQ(b.line(), kPacked);
}

TEST(FuseAttention, PackedAndSliced) {
  Packed b;
  auto slice = [&](const std::string& name, std::int64_t first) {
    return b.node(
        "Slice", name,
        {b.qkv, b.constant(name + "_from", int64s({first})),
         b.constant(name + "_to", int64s({first + 8})), b.constant(name + "_axis", int64s({2}))});
  };
  b.attend(b.split_heads("q", slice("q_part", 0)),
           b.split_heads("k", slice("k_part", 8), {0, 2, 3, 1}),
           b.split_heads("v", slice("v_part", 16)));
  EXPECT_EQ(b.line(), kPacked);
}

// timm: [B,S,3,H,D], the three in front, gathered one by one.
TEST(FuseAttention, PackedWithTheThreeInFront) {
  Packed b;
  auto five = b.transpose("five_t", b.reshape("five", b.qkv, {2, 3, 3, 2, 4}), {2, 0, 3, 1, 4});
  auto part = [&](const std::string& name, std::int64_t index) {
    return b.node("Gather", name,
                  {five, b.constant(name + "_index", int64s({index}).reshaped({}))});
  };
  b.attend(part("q", 0), b.transpose("k_t", part("k", 1), {0, 1, 3, 2}), part("v", 2));
  EXPECT_EQ(b.line(), kPacked);
}

// GPT-NeoX: [B,S,H,3 * D], cut within each head.
TEST(FuseAttention, PackedWithinEachHead) {
  Packed b;
  auto heads = b.transpose("heads", b.reshape("four", b.qkv, {0, 0, 2, 12}), {0, 2, 1, 3});
  auto parts = b.node_of_many("Split", "part", {heads}, 3, {{"axis", std::int64_t{3}}}, 11);
  b.attend(parts[0], b.transpose("k_t", parts[1], {0, 1, 3, 2}), parts[2]);
  EXPECT_EQ(b.line(),
            "%y float32[2,3,8] = mini_infer.Attention(%qkv, %qkv, %qkv) "
            "key=[2,2,3,4,4,72,12,24] output=[2,2,3,4,0,24,4,8] "
            "output_shape=[2,3,8] query=[2,2,3,4,0,72,12,24] scale=0.5 softmax=\"written_out\" "
            "value=[2,2,3,4,8,72,12,24]");
}

// MultiheadAttention: tokens first, batch and heads as one axis of a stack of matrices.
TEST(FuseAttention, TokensFirstAsAStackOfMatrices) {
  Attended b;
  auto tokens_first = b.input("t", {3, 2, 24});
  auto parts = b.node_of_many("Split", "part", {tokens_first}, 3, {{"axis", std::int64_t{2}}}, 11);
  auto stack = [&](const std::string& name, ValueId part, std::vector<std::int64_t> permutation) {
    return b.transpose(name, b.reshape(name + "_3d", part, {3, 4, 4}), std::move(permutation));
  };
  auto q = b.divided("q_scaled", stack("q", parts[0], {1, 0, 2}), 2);
  auto product = b.matmul("product", q, stack("k", parts[1], {1, 2, 0}));
  auto context = b.matmul("context", b.softmax(product), stack("v", parts[2], {1, 0, 2}));
  b.output(b.reshape("y", b.transpose("back", context, {1, 0, 2}), {6, 8}));
  EXPECT_EQ(nodes_text(run(b)),
            "%y float32[6,8] = mini_infer.Attention(%t, %t, %t) key=[2,2,3,4,8,24,4,48] "
            "output=[2,2,3,4,0,8,4,16] output_shape=[6,8] "
            "query=[2,2,3,4,0,24,4,48] query_scale=0.5 scale=1 softmax=\"written_out\" "
            "value=[2,2,3,4,16,24,4,48]\n");
}

// OPT: a stack of matrices whose scores are seen by batch and head where the mask is added.
TEST(FuseAttention, AStackOfMatricesThatIsMaskedByBatchAndHead) {
  Attended b;
  auto stack = [&](const std::string& name, std::vector<std::int64_t> permutation) {
    return b.reshape(name + "_stack", b.projected(name, std::move(permutation)), {4, 3, 4});
  };
  auto k = b.transpose("k_t", stack("k", {0, 2, 1, 3}), {0, 2, 1});
  auto product = b.matmul("product", stack("q", {0, 2, 1, 3}), k);
  auto masked =
      b.add("masked", b.reshape("by_head", product, {2, 2, 3, 3}), b.input("mask", {2, 1, 3, 3}));
  auto weights = b.softmax(b.reshape("as_stack", masked, {4, 3, 3}));
  auto context = b.matmul("context", weights, stack("v", {0, 2, 1, 3}));
  b.output(b.merge_heads("y", b.reshape("context_4d", context, {2, 2, 3, 4})));
  EXPECT_EQ(op_list(run(b)), kBertFused);
}

TEST(FuseAttention, AMaskPerMatrixOfAStack) {
  Attended b;
  auto stack = [&](const std::string& name) {
    return b.reshape(name + "_stack", b.projected(name, {0, 2, 1, 3}), {4, 3, 4});
  };
  auto product = b.matmul("product", stack("q"), b.transpose("k_t", stack("k"), {0, 2, 1}));
  auto weights = b.softmax(b.add("masked", product, b.input("mask", {4, 3, 3})));
  b.output(b.matmul("y", weights, stack("v")));
  EXPECT_EQ(op_list(run(b)), "MatMul Add MatMul Add MatMul Add Reshape " + std::string(kFused));
}

TEST(FuseAttention, VectorsWithGapsAreTransposedBefore) {
  Attended b;
  auto k = b.transpose("k_t", b.input("k", {2, 2, 3, 4}), {0, 1, 3, 2});
  auto v = b.transpose("v_t", b.input("v", {2, 2, 4, 3}), {0, 1, 3, 2});
  auto product = b.matmul("product", b.input("q", {2, 2, 3, 4}), k);
  b.output(b.merge_heads("y", b.matmul("context", b.softmax(product), v)));
  EXPECT_EQ(op_list(run(b)), std::string("Transpose ") + kFused);
}

TEST(FuseAttention, ViewsThatOthersReadStayBesideIt) {
  Bert b;
  b.finish(b.divided("scaled", b.product, 2));
  b.output(b.q);
  EXPECT_EQ(b.ops(), "MatMul Add Reshape Transpose MatMul Add MatMul Add " + std::string(kFused));
}

TEST(FuseAttention, AnOutputBehindWhatOthersReadIsNotFollowed) {
  Bert b;
  auto context = b.matmul("context", b.softmax(b.product), b.v);
  b.output(context);
  b.output(b.merge_heads("y", context));
  EXPECT_EQ(b.ops(), kBertFused + " Transpose Reshape");
}

// --- Heads that share keys ---

TEST(FuseAttention, GroupsOfHeads) {
  for (const bool tiled : {false, true}) {
    Attended b;
    auto k = repeated(b, "k_all", b.input("k", {2, 2, 5, 4}), tiled);
    auto v = repeated(b, "v_all", b.input("v", {2, 2, 5, 4}), tiled);
    auto product =
        b.matmul("product", b.input("q", {2, 6, 3, 4}), b.transpose("k_t", k, {0, 1, 3, 2}));
    b.output(b.matmul("y", b.softmax(product), v));
    EXPECT_EQ(
        nodes_text(run(b)),
        "%y float32[2,6,3,4] = mini_infer.Attention(%q, %k, %v) key=[2,2,5,4,0,40,20,4] "
        "output=[2,6,3,4,0,72,12,4] output_shape=[2,6,3,4] "
        "query=[2,6,3,4,0,72,12,4] scale=1 softmax=\"written_out\" value=[2,2,5,4,0,40,20,4]\n");
  }
}

TEST(FuseAttention, KeysAndValuesInGroupsOfDifferentSizesStay) {
  Attended b;
  auto k = repeated(b, "k_all", b.input("k", {2, 2, 5, 4}), false);
  auto product =
      b.matmul("product", b.input("q", {2, 6, 3, 4}), b.transpose("k_t", k, {0, 1, 3, 2}));
  b.output(b.matmul("y", b.softmax(product), b.input("v", {2, 6, 5, 4})));
  EXPECT_EQ(op_list(run(b)).find(kFused), std::string::npos);
}

TEST(FuseAttention, OneHeadOrOneSampleOfKeysForAll) {
  Attended b;
  auto product = b.matmul("product", b.input("q", {2, 6, 3, 4}), b.input("k", {1, 1, 4, 5}));
  b.output(b.matmul("y", b.softmax(product), b.input("v", {1, 1, 5, 4})));
  EXPECT_EQ(op_list(run(b)), "MatMul Softmax MatMul");
  Attended c;
  auto k = c.transpose("k_t", c.input("k", {1, 1, 5, 4}), {0, 1, 3, 2});
  product = c.matmul("product", c.input("q", {2, 6, 3, 4}), k);
  c.output(c.matmul("y", c.softmax(product), c.input("v", {1, 1, 5, 4})));
  EXPECT_EQ(op_list(run(c)), kFused);
}

// --- What is no attention ---

TEST(FuseAttention, WhatOthersReadStays) {
  using Pick = std::function<ValueId(Bert&, ValueId scaled, ValueId weights)>;
  const std::vector<Pick> picks = {[](Bert& b, ValueId, ValueId) { return b.product; },
                                   [](Bert&, ValueId scaled, ValueId) { return scaled; },
                                   [](Bert&, ValueId, ValueId weights) { return weights; }};
  for (const bool is_output : {false, true}) {
    for (const Pick& pick : picks) {
      Bert b;
      auto scaled = b.divided("scaled", b.product, 2);
      auto weights = b.softmax(scaled);
      b.output(b.merge_heads("y", b.matmul("context", weights, b.v)));
      const ValueId read = pick(b, scaled, weights);
      b.output(is_output ? read : b.node("Neg", "other", {read}));
      EXPECT_EQ(b.ops().find(kFused), std::string::npos);
    }
  }
}

TEST(FuseAttention, ASoftmaxOverAnotherAxisStays) {
  for (const std::int64_t axis : {1, 2, -2}) {
    Bert b;
    auto weights = b.node("Softmax", "weights", {b.product}, {{"axis", axis}});
    b.output(b.merge_heads("y", b.matmul("context", weights, b.v)));
    EXPECT_EQ(b.ops().find(kFused), std::string::npos);
  }
  Bert old;  // whose default axis is 1
  auto weights = old.node("Softmax", "weights", {old.product}, {}, 11);
  old.output(old.merge_heads("y", old.matmul("context", weights, old.v)));
  EXPECT_EQ(old.ops().find(kFused), std::string::npos);
}

TEST(FuseAttention, KeysThatAreNotTransposedStay) {
  Attended b;  // as many tokens as elements: the shapes would fit
  auto product = b.matmul("product", b.input("q", {2, 2, 4, 4}), b.input("k", {2, 2, 4, 4}));
  b.output(b.matmul("y", b.softmax(product), b.input("v", {2, 2, 4, 4})));
  EXPECT_EQ(op_list(run(b)), "MatMul Softmax MatMul");
}

TEST(FuseAttention, WeightsOnTheRightStay) {
  Attended b;
  auto q = b.input("q", {2, 2, 3, 4});
  auto k = b.transpose("k_t", b.input("k", {2, 2, 3, 4}), {0, 1, 3, 2});
  b.output(b.matmul("y", b.input("v", {2, 2, 3, 3}), b.softmax(b.matmul("product", q, k))));
  EXPECT_EQ(op_list(run(b)), "Transpose MatMul Softmax MatMul");
}

TEST(FuseAttention, AnotherOrderOfTheOutputStaysATranspose) {
  Bert b;
  auto context = b.matmul("context", b.softmax(b.product), b.v);
  b.output(b.transpose("y", context, {0, 3, 1, 2}));
  EXPECT_EQ(b.ops(), kBertFused + " Transpose");
}

TEST(FuseAttention, NothingToAttendStays) {
  Attended b;
  auto k = b.transpose("k_t", b.input("k", {2, 2, 0, 4}), {0, 1, 3, 2});
  auto weights = b.softmax(b.matmul("product", b.input("q", {2, 2, 3, 4}), k));
  b.output(b.matmul("y", weights, b.input("v", {2, 2, 0, 4})));
  EXPECT_EQ(op_list(run(b)).find(kFused), std::string::npos);
}

}  // namespace
}  // namespace mini_infer::test
