#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>

#include "optimizer/attention/attention_graphs.h"
#include "optimizer/optimized.h"

namespace mini_infer::test {
namespace {

using core::DataType;
using core::Shape;
using core::Tensor;
using graph::kNoValue;
using graph::ValueId;

constexpr float kInf = std::numeric_limits<float>::infinity();
constexpr float kLowest = std::numeric_limits<float>::lowest();
constexpr const char* kFused = "mini_infer.Attention";

graph::Graph run(Builder& b) {
  return optimized(b.graph(), {{"remove-identity", "fuse-attention"}});
}

std::string last_line(const graph::Graph& graph) {
  std::string text = nodes_text(graph);
  text.pop_back();
  return text.substr(text.rfind('\n') + 1);
}

Tensor bools(Shape shape, std::vector<std::uint8_t> values) {
  return Tensor::from<std::uint8_t>(DataType::kBool, std::move(shape), values);
}

const Tensor kCausal = bools({1, 1, 3, 3}, {1, 0, 0, 1, 1, 0, 1, 1, 1});
const Tensor kFuture = bools({1, 1, 3, 3}, {0, 1, 1, 0, 0, 1, 0, 0, 0});

// The encoder of BERT, with what the test says between the product and the Softmax.
struct Bert : Attended {
  ValueId q = projected("q", {0, 2, 1, 3});
  ValueId k = projected("k", {0, 2, 3, 1});
  ValueId v = projected("v", {0, 2, 1, 3});
  ValueId product = matmul("product", q, k);

  void finish(ValueId scores) { output(merge_heads("y", matmul("context", softmax(scores), v))); }
  std::string ops() { return op_list(run(*this)); }
};

// What is left of the graph when the attention is one node.
const std::string kBertFused = std::string("MatMul Add MatMul Add MatMul Add ") + kFused;

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
            "key=[2,2,3,4,0,24,4,8] masked_rows_are_nan=1 output=[2,2,3,4,0,24,4,8] "
            "output_shape=[2,3,8] query=[2,2,3,4,0,24,4,8] scale=0.5 value=[2,2,3,4,0,24,4,8]\n");
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
  EXPECT_EQ(nodes_text(run(b)),
            "%y float32[2,2,3,6] = mini_infer.Attention(%q, %k, %v) key=[2,2,5,4,0,40,20,4] "
            "masked_rows_are_nan=1 output=[2,2,3,6,0,36,18,6] output_shape=[2,2,3,6] "
            "query=[2,2,3,4,0,24,12,4] scale=1 value=[2,2,5,6,0,60,30,6]\n");
}

// --- Scales ---

float scale_of(const graph::Graph& graph) {
  EXPECT_TRUE(graph.nodes().back().is("Attention", "mini_infer"));
  return graph.nodes().back().get_float("scale", 0);
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
    EXPECT_FLOAT_EQ(scale_of(fused), 0.25f);
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
  EXPECT_FLOAT_EQ(scale_of(fused), 0.5f);
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

// --- Masks ---

TEST(FuseAttention, MasksOfEveryShapeThatBroadcasts) {
  for (const Shape& shape : {Shape{3}, Shape{3, 3}, Shape{2, 3, 3}, Shape{1, 1, 3, 3},
                             Shape{2, 1, 1, 3}, Shape{2, 2, 3, 3}, Shape{}}) {
    SCOPED_TRACE(shape.to_string());
    Bert b;
    b.finish(b.add("masked", b.input("mask", shape), b.product));
    EXPECT_EQ(b.ops(), kBertFused);
  }
}

TEST(FuseAttention, AMaskThatWidensTheScoresStays) {
  Attended one;
  auto k = one.input("k", {1, 2, 4, 3});
  auto wide = one.add("wide", one.matmul("p", one.input("q", {1, 2, 3, 4}), k),
                      one.input("mask", {2, 1, 1, 3}));
  one.output(one.matmul("y", one.softmax(wide), one.input("v", {2, 2, 3, 4})));
  EXPECT_EQ(op_list(run(one)), "MatMul Add Softmax MatMul");
}

TEST(FuseAttention, AMaskOfBoolsThatKeeps) {
  for (const float hidden : {-kInf, -1e9f, kLowest}) {
    Bert b;
    auto keep = b.input("keep", {1, 1, 3, 3}, DataType::kBool);
    b.finish(b.node("Where", "masked", {keep, b.product, b.scalar("hidden", hidden)}));
    const graph::Graph fused = run(b);
    EXPECT_EQ(op_list(fused), kBertFused);
    EXPECT_EQ(fused.nodes().back().get_float("masked_score", 0), hidden);
  }
}

// masked_fill, whose bools are true where the score is replaced.
TEST(FuseAttention, AMaskOfBoolsThatHides) {
  Bert b;
  auto hide = b.input("hide", {2, 1, 1, 3}, DataType::kBool);
  b.finish(b.node("Where", "masked", {hide, b.scalar("hidden", -1e9f), b.product}));
  EXPECT_EQ(b.ops(), "MatMul Add MatMul Add MatMul Add Not " + std::string(kFused));
}

TEST(FuseAttention, AQueryThatMaySeeNothing) {
  for (const float hidden : {-kInf, -1e9f}) {
    Bert b;
    auto hide = b.constant("hide", bools({3, 3}, {1, 1, 1, 0, 1, 0, 0, 0, 0}));
    auto masked = b.node("Where", "masked", {hide, b.scalar("hidden", hidden), b.product});
    auto y = b.merge_heads("z", b.matmul("context", b.softmax(masked), b.v));
    // NaN is equal to nothing: only whether there is one is compared.
    b.output(b.node("Where", "y", {b.node("IsNaN", "bad", {y}), b.scalar("mark", 100), y}));
    EXPECT_EQ(b.ops(), kBertFused + " IsNaN Where");
  }
}

// The guard that exporters of scaled_dot_product_attention write since masks may hide all.
TEST(FuseAttention, NanIsReplacedByZero) {
  Bert b;
  auto keep = b.constant("keep", bools({3, 3}, {0, 0, 0, 1, 0, 1, 1, 1, 1}));
  auto masked = b.node("Where", "masked", {keep, b.product, b.scalar("hidden", -kInf)});
  auto weights = b.softmax(masked);
  auto guarded =
      b.node("Where", "guarded", {b.node("IsNaN", "bad", {weights}), b.scalar("zero", 0), weights});
  b.output(b.merge_heads("y", b.matmul("context", guarded, b.v)));
  EXPECT_EQ(b.ops(), kBertFused);
}

void expect_causal(Bert& b) {
  const graph::Graph fused = run(b);
  EXPECT_EQ(op_list(fused), kBertFused);
  EXPECT_EQ(fused.nodes().back().get_int("is_causal", 0), 1);
  EXPECT_EQ(fused.nodes().back().inputs.size(), 3u);
}

TEST(FuseAttention, ACausalConstantIsAnAttribute) {
  Bert keeps;
  keeps.finish(keeps.node(
      "Where", "masked",
      {keeps.constant("keep", kCausal), keeps.product, keeps.scalar("hidden", kLowest)}));
  expect_causal(keeps);
  Bert hides;
  hides.finish(
      hides.node("Where", "masked",
                 {hides.constant("hide", kFuture), hides.scalar("hidden", -kInf), hides.product}));
  expect_causal(hides);
  Bert added;
  added.finish(
      added.add("masked", added.product,
                added.constant("mask", floats({3, 3}, {0, -kInf, -kInf, 0, 0, -kInf, 0, 0, 0}))));
  expect_causal(added);
}

TEST(FuseAttention, AConstantThatIsNotQuiteCausalIsAMask) {
  for (const float hidden : {-10.0f, -1e4f}) {
    Bert b;
    b.finish(b.node("Where", "masked",
                    {b.constant("keep", kCausal), b.product, b.scalar("hidden", hidden)}));
    EXPECT_EQ(run(b).nodes().back().inputs.size(), 4u);
  }
  Bert b;
  b.finish(b.add("masked", b.product,
                 b.constant("mask", floats({3, 3}, {0, -kInf, 0, 0, 0, -kInf, 0, 0, 0}))));
  EXPECT_EQ(run(b).nodes().back().inputs.size(), 4u);
}

TEST(FuseAttention, AMaskOfZerosIsNone) {
  Bert b;
  b.finish(b.add("masked", b.product, b.constant("mask", floats({1, 1, 1, 3}, {0, 0, 0}))));
  EXPECT_EQ(run(b).nodes().back().inputs.size(), 3u);
}

// GPT-2: a causal constant, then the mask of the caller.
TEST(FuseAttention, TwoMasksAreJoinedOnce) {
  Bert b;
  auto causal = b.constant("causal", kCausal);
  auto mask = b.input("mask", {2, 1, 1, 3});
  auto lowest = b.scalar("lowest", kLowest);
  auto layer = [&](ValueId product) {
    const std::string name = "of_" + std::to_string(product);
    auto chosen = b.node("Where", name + "_chosen", {causal, product, lowest});
    return b.matmul(name, b.node("Softmax", name + "_w", {b.add(name + "_m", chosen, mask)}), b.v);
  };
  auto first = layer(b.product);
  b.output(b.merge_heads("y", layer(b.matmul("again", first, b.k))));
  EXPECT_EQ(b.ops(), "MatMul Add MatMul Add MatMul Add Add " + std::string(kFused) + " " + kFused);
}

TEST(FuseAttention, TwoMasksOfWhichOneOnlyLowersScoresStay) {
  Bert b;
  auto lowered = b.node("Where", "lowered",
                        {b.input("keep", {3, 3}, DataType::kBool), b.product, b.scalar("low", -5)});
  b.finish(b.add("masked", lowered, b.input("mask", {2, 1, 1, 3})));
  EXPECT_EQ(b.ops().find(kFused), std::string::npos);
}

// --- Packed and otherwise laid out heads ---

// A product from [2,3,8] to the packed [2,3,24].
struct Packed : Attended {
  ValueId qkv = linear("qkv", x, 8, 24);

  void attend(ValueId q, ValueId k, ValueId v) {
    auto weights = softmax(divided("scaled", matmul("product", q, k), 2));
    output(merge_heads("y", matmul("context", weights, v)));
  }
  std::string line() {
    const graph::Graph fused = run(*this);
    EXPECT_EQ(op_list(fused), std::string("MatMul Add ") + kFused);
    return last_line(fused);
  }
};

const std::string kPacked =
    "%y float32[2,3,8] = mini_infer.Attention(%qkv, %qkv, %qkv) key=[2,2,3,4,8,72,4,24] "
    "masked_rows_are_nan=1 output=[2,2,3,4,0,24,4,8] output_shape=[2,3,8] "
    "query=[2,2,3,4,0,72,4,24] scale=0.5 value=[2,2,3,4,16,72,4,24]";

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
            "key=[2,2,3,4,4,72,12,24] masked_rows_are_nan=1 output=[2,2,3,4,0,24,4,8] "
            "output_shape=[2,3,8] query=[2,2,3,4,0,72,12,24] scale=0.5 "
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
            "masked_rows_are_nan=1 output=[2,2,3,4,0,8,4,16] output_shape=[6,8] "
            "query=[2,2,3,4,0,24,4,48] scale=0.5 value=[2,2,3,4,16,24,4,48]\n");
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

ValueId repeated(Builder& b, const std::string& name, ValueId x, bool tiled) {
  auto five = b.node("Unsqueeze", name + "_5d", {x, b.constant(name + "_axis", int64s({2}))});
  const auto extents = tiled ? int64s({1, 1, 3, 1, 1}) : int64s({2, 2, 3, 5, 4});
  auto wide =
      b.node(tiled ? "Tile" : "Expand", name + "_wide", {five, b.constant(name + "_to", extents)});
  return b.reshape(name, wide, {2, 6, 5, 4});
}

TEST(FuseAttention, GroupsOfHeads) {
  for (const bool tiled : {false, true}) {
    Attended b;
    auto k = repeated(b, "k_all", b.input("k", {2, 2, 5, 4}), tiled);
    auto v = repeated(b, "v_all", b.input("v", {2, 2, 5, 4}), tiled);
    auto product =
        b.matmul("product", b.input("q", {2, 6, 3, 4}), b.transpose("k_t", k, {0, 1, 3, 2}));
    b.output(b.matmul("y", b.softmax(product), v));
    EXPECT_EQ(nodes_text(run(b)),
              "%y float32[2,6,3,4] = mini_infer.Attention(%q, %k, %v) key=[2,2,5,4,0,40,20,4] "
              "masked_rows_are_nan=1 output=[2,6,3,4,0,72,12,4] output_shape=[2,6,3,4] "
              "query=[2,6,3,4,0,72,12,4] scale=1 value=[2,2,5,4,0,40,20,4]\n");
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
            "masked_rows_are_nan=1 output=[2,2,3,4,0,24,4,8] output_shape=[2,3,8] "
            "past_key=[2,2,5,4,0,40,20,4] past_value=[2,2,5,4,0,40,20,4] "
            "query=[2,2,3,4,0,24,4,8] scale=1 value=[2,2,3,4,0,24,4,8]");
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
