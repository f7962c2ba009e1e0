#include <gtest/gtest.h>

#include "optimizer/attention/attention_graphs.h"
#include "optimizer/optimized.h"

namespace mini_infer::test {
namespace {

using graph::ValueId;

graph::Graph run(Builder& b) {
  return optimized(b.graph(),
                   {{"remove-identity", "fuse-attention", "fuse-epilogue", "pack-projections"}});
}

struct Projections : Attended {
  void attend(ValueId q, ValueId k, ValueId v) {
    auto product = matmul("product", split_heads("q4", q), split_heads("k4", k, {0, 2, 3, 1}));
    output(merge_heads("y", matmul("context", softmax(product), split_heads("v4", v))));
  }
  ValueId biased(const std::string& name, ValueId from) { return linear(name, from, 8, 8); }
  std::string ops() { return op_list(run(*this)); }
};

TEST(PackProjections, ThreeOfOneValueBecomeOne) {
  Projections b;
  b.attend(b.biased("q", b.x), b.biased("k", b.x), b.biased("v", b.x));
  EXPECT_EQ(nodes_text(run(b)),
            "%q_mm_packed float32[2,3,24] = mini_infer.MatMul(%x, %q_mm_packed_weights, "
            "%q_mm_packed_bias)\n"
            "%y float32[2,3,8] = mini_infer.Attention(%q_mm_packed, %q_mm_packed, %q_mm_packed) "
            "key=[2,2,3,4,8,72,4,24] output=[2,2,3,4,0,24,4,8] "
            "output_shape=[2,3,8] query=[2,2,3,4,0,72,4,24] scale=1 softmax=\"written_out\" "
            "value=[2,2,3,4,16,72,4,24]\n");
}

TEST(PackProjections, WithoutBiasesOrWithSome) {
  Projections none;
  auto plain = [](Projections& b, const std::string& name) {
    return b.matmul(name, b.x, b.weights(name + "_w", {8, 8}));
  };
  none.attend(plain(none, "q"), plain(none, "k"), plain(none, "v"));
  EXPECT_EQ(none.ops(), "MatMul mini_infer.Attention");
  Projections some;  // Whisper: the keys have none
  some.attend(some.biased("q", some.x), plain(some, "k"), some.biased("v", some.x));
  EXPECT_EQ(some.ops(), "mini_infer.MatMul mini_infer.Attention");
}

TEST(PackProjections, GemmsWithWeightsEitherWay) {
  for (const std::int64_t transposed : {0, 1}) {
    Projections b;
    auto rows = b.reshape("rows", b.x, {6, 8});
    auto gemm = [&](const std::string& name) {
      auto made = b.node("Gemm", name + "_g",
                         {rows, b.weights(name + "_w", {8, 8}), b.weights(name + "_b", {8})},
                         {{"transB", transposed}});
      return b.reshape(name, made, {2, 3, 8});
    };
    b.attend(gemm("q"), gemm("k"), gemm("v"));
    EXPECT_EQ(b.ops(), "Reshape Gemm mini_infer.Attention");
  }
}

TEST(PackProjections, HeadsThatShareKeysHaveFewerColumns) {
  Projections b;
  auto narrow = [&](const std::string& name, std::vector<std::int64_t> permutation) {
    auto heads = b.split_heads(name + "_heads", b.linear(name, b.x, 8, 4), {0, 2, 1, 3}, 1);
    auto wide =
        b.node("Expand", name + "_wide", {heads, b.constant(name + "_to", int64s({2, 2, 3, 4}))});
    return b.transpose(name + "_t", wide, std::move(permutation));
  };
  auto product = b.matmul("product", b.projected("q", {0, 2, 1, 3}), narrow("k", {0, 1, 3, 2}));
  auto v = narrow("v", {0, 1, 2, 3});
  b.output(b.merge_heads("y", b.matmul("context", b.softmax(product), v)));
  EXPECT_EQ(b.ops(), "mini_infer.MatMul mini_infer.Attention");
}

TEST(PackProjections, KeysAndValuesOfAnotherSequence) {
  Projections b;
  auto other = b.input("other", {2, 5, 8});
  b.attend(b.biased("q", b.x), b.biased("k", other), b.biased("v", other));
  EXPECT_EQ(b.ops(), "mini_infer.MatMul mini_infer.MatMul mini_infer.Attention");
}

// Llama: the queries and the keys are rotated, one after the other, where they lie.
struct Rotated : Projections {
  ValueId rows(const std::string& name, std::int64_t tokens) {
    return weights(name, {kBatch, tokens, kSize / 2});
  }
  ValueId rotated(const std::string& name, ValueId from, std::int64_t tokens,
                  Attributes attributes) {
    return node("RotaryEmbedding", name + "_rotated",
                {from, rows(name + "_cos", tokens), rows(name + "_sin", tokens)},
                std::move(attributes), 23);
  }
};

TEST(PackProjections, RotatedPartsAreRotatedInPlace) {
  Rotated b;
  auto q = b.rotated("q", b.biased("q", b.x), 3, {{"num_heads", std::int64_t{2}}});
  auto k = b.rotated("k", b.biased("k", b.x), 3, {{"num_heads", std::int64_t{2}}});
  b.attend(q, k, b.biased("v", b.x));
  EXPECT_EQ(nodes_text(run(b)),
            "%q_mm_packed float32[2,3,24] = mini_infer.MatMul(%x, %q_mm_packed_weights, "
            "%q_mm_packed_bias)\n"
            "%q_rotated_packed float32[2,3,24] = mini_infer.RotaryEmbedding(%q_mm_packed, %q_cos, "
            "%q_sin) heads=[2,2,3,4,0,72,4,24]\n"
            "%k_rotated_packed float32[2,3,24] = mini_infer.RotaryEmbedding(%q_rotated_packed, "
            "%k_cos, %k_sin) heads=[2,2,3,4,8,72,4,24]\n"
            "%y float32[2,3,8] = mini_infer.Attention(%k_rotated_packed, %k_rotated_packed, "
            "%k_rotated_packed) key=[2,2,3,4,8,72,4,24] "
            "output=[2,2,3,4,0,24,4,8] output_shape=[2,3,8] query=[2,2,3,4,0,72,4,24] scale=1 "
            "softmax=\"written_out\" "
            "value=[2,2,3,4,16,72,4,24]\n");
}

// Of one token, heads lie alike before and after they are split.
TEST(PackProjections, RotatedHeadsOfOneToken) {
  Rotated b;
  b.x = b.input("token", {2, 1, 8});
  auto q = b.rotated("q", b.split_heads("q4", b.biased("q", b.x)), 1, {});
  auto k = b.rotated("k", b.split_heads("k4", b.biased("k", b.x)), 1, {});
  auto product = b.matmul("product", q, b.transpose("k_t", k, {0, 1, 3, 2}));
  auto v = b.split_heads("v4", b.biased("v", b.x));
  b.output(b.merge_heads("y", b.matmul("context", b.softmax(product), v)));
  EXPECT_EQ(b.ops(),
            "mini_infer.MatMul mini_infer.RotaryEmbedding mini_infer.RotaryEmbedding "
            "mini_infer.Attention");
}

TEST(PackProjections, WhatIsAlsoReadUnrotatedStaysApart) {
  Rotated b;
  auto q = b.biased("q", b.x);
  b.output(b.node("Neg", "other", {q}));
  auto v = b.biased("v", b.x);
  b.attend(
      b.rotated("q", q, 3, {{"num_heads", std::int64_t{2}}}),
      b.rotated("k", b.biased("k", b.input("z", {2, 3, 8})), 3, {{"num_heads", std::int64_t{2}}}),
      v);
  EXPECT_EQ(b.ops().find("mini_infer.Rotary"), std::string::npos);
}

const char* const kApart = "mini_infer.MatMul mini_infer.MatMul mini_infer.MatMul";

TEST(PackProjections, WhatOthersReadStaysApart) {
  for (const bool is_output : {false, true}) {
    Projections b;
    auto q = b.biased("q", b.x);
    b.attend(q, b.biased("k", b.x), b.biased("v", b.x));
    b.output(is_output ? q : b.node("Neg", "other", {q}));
    EXPECT_EQ(nodes_text(run(b)).find("%q float32[2,3,8] = mini_infer.MatMul(%x, %q_w, %q_b)"), 0u);
  }
}

TEST(PackProjections, WeightsThatOthersReadAreNotHeldTwice) {
  Projections b;
  auto shared = b.weights("shared", {8, 8});
  auto of_shared = [&](const std::string& name) { return b.matmul(name, b.x, shared); };
  auto q = of_shared("q");
  auto k = of_shared("k");
  b.attend(q, k, b.biased("v", b.x));
  EXPECT_EQ(b.ops(), "MatMul MatMul mini_infer.MatMul mini_infer.Attention");
}

TEST(PackProjections, WeightsThatAreNotConstantStayApart) {
  Projections b;
  auto given = [&](const std::string& name) {
    return b.matmul(name, b.x, b.input(name + "_w", {8, 8}));
  };
  b.attend(given("q"), given("k"), given("v"));
  EXPECT_EQ(b.ops(), "MatMul MatMul MatMul mini_infer.Attention");
}

TEST(PackProjections, ProductsOfDifferentValuesStayApart) {
  Projections b;
  auto of = [&](const std::string& name) {
    return b.biased(name, b.input("x_of_" + name, {2, 3, 8}));
  };
  b.attend(of("q"), of("k"), of("v"));
  EXPECT_EQ(b.ops(), std::string(kApart) + " mini_infer.Attention");
}

TEST(PackProjections, AnActivationKeepsThemApart) {
  Projections b;
  auto active = [&](const std::string& name) {
    return b.relu(name + "_relu", b.biased(name, b.x));
  };
  b.attend(active("q"), active("k"), active("v"));
  EXPECT_EQ(b.ops(), std::string(kApart) + " mini_infer.Attention");
}

TEST(PackProjections, IsSwitchedOff) {
  Projections b;
  b.attend(b.biased("q", b.x), b.biased("k", b.x), b.biased("v", b.x));
  EXPECT_EQ(op_list(optimized(b.graph(), {{"remove-identity", "fuse-attention", "fuse-epilogue"}})),
            std::string(kApart) + " mini_infer.Attention");
}

}  // namespace
}  // namespace mini_infer::test
