#include <gtest/gtest.h>

#include <cmath>

#include "optimizer/attention/fuse_attention_case.h"

namespace mini_infer::test {
namespace {

using core::DataType;
using core::Shape;
using core::Tensor;
using graph::kNoValue;
using graph::ValueId;

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
TEST(FuseAttention, ACausalConstantIsAnAttributeBesideAMask) {
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
  EXPECT_EQ(b.ops(), kBertFused + " " + kFused);
}

TEST(FuseAttention, TwoMasksOfOneKindAreJoinedOnce) {
  for (const bool bools : {false, true}) {
    Bert b;
    const DataType type = bools ? DataType::kBool : DataType::kFloat32;
    auto first = b.input("first", {2, 1, 1, 3}, type);
    auto second = b.input("second", {1, 1, 3, 3}, type);
    auto lowest = b.scalar("lowest", kLowest);
    const auto masked = [&](const std::string& name, ValueId mask, ValueId scores) {
      return bools ? b.node("Where", name, {mask, scores, lowest}) : b.add(name, scores, mask);
    };
    auto layer = [&](ValueId product) {
      const std::string name = "of_" + std::to_string(product);
      auto both = masked(name + "_2", second, masked(name + "_1", first, product));
      return b.matmul(name, b.node("Softmax", name + "_w", {both}), b.v);
    };
    b.output(b.merge_heads("y", layer(b.matmul("again", layer(b.product), b.k))));
    EXPECT_EQ(b.ops(), "MatMul Add MatMul Add MatMul Add " + std::string(bools ? "And " : "Add ") +
                           kFused + " " + kFused);
  }
}

// What a bool hides, a NaN even, a number added would not hide.
TEST(FuseAttention, TwoMasksOfDifferentKindsStay) {
  for (const float hidden : {-5.0f, kLowest}) {
    Bert b;
    auto keep = b.input("keep", {3, 3}, DataType::kBool);
    auto chosen = b.node("Where", "chosen", {keep, b.product, b.scalar("hidden", hidden)});
    b.finish(b.add("masked", chosen, b.input("mask", {2, 1, 1, 3})));
    EXPECT_EQ(b.ops().find(kFused), std::string::npos);
  }
}

}  // namespace
}  // namespace mini_infer::test
