#include <gtest/gtest.h>

#include <cmath>

#include "optimizer/attention/attention_graphs.h"
#include "optimizer/optimized.h"

namespace mini_infer::test {
namespace {

using core::DataType;
using core::Shape;
using core::Tensor;
using graph::ValueId;

graph::Graph run(Builder& b) { return optimized(b.graph(), {{"remove-identity", "fuse-rotary"}}); }

constexpr std::int64_t kEnd = INT64_MAX;

// Rows of cosines or sines, each element of a pair's.
Tensor table(std::int64_t rows, std::int64_t size, bool interleaved, float (*wave)(float)) {
  std::vector<float> values;
  for (std::int64_t row = 0; row < rows; ++row) {
    for (std::int64_t i = 0; i < size; ++i) {
      const std::int64_t pair = interleaved ? i / 2 : i % (size / 2);
      values.push_back(wave(static_cast<float>(row) / static_cast<float>(pair + 1)));
    }
  }
  return floats({rows, size}, std::move(values));
}

struct Rotary : Attended {
  ValueId sliced(const std::string& name, ValueId from, std::int64_t first, std::int64_t last,
                 std::int64_t step = 1) {
    return node(
        "Slice", name,
        {from, constant(name + "_from", int64s({first})), constant(name + "_to", int64s({last})),
         constant(name + "_axis", int64s({-1})), constant(name + "_step", int64s({step}))});
  }
  ValueId joined(const std::string& name, ValueId a, ValueId b) {
    return node("Concat", name, {a, b}, {{"axis", std::int64_t{-1}}});
  }
  // rotate_half: -(second half), first half.
  ValueId turned(const std::string& name, ValueId from, std::int64_t size = kSize) {
    auto second = node("Neg", name + "_neg", {sliced(name + "_hi", from, size / 2, kEnd)});
    return joined(name, second, sliced(name + "_lo", from, 0, size / 2));
  }
  // rotate_every_two: each pair as (-second, first).
  ValueId turned_pairs(const std::string& name, ValueId from, std::vector<std::int64_t> shape) {
    auto stacked = [&](const std::string& what, ValueId half) {
      return node("Unsqueeze", what, {half, constant(what + "_axis", int64s({-1}))});
    };
    auto odd = node("Neg", name + "_neg", {sliced(name + "_odd", from, 1, kEnd, 2)});
    auto even = sliced(name + "_even", from, 0, kEnd, 2);
    auto pairs = joined(name + "_pairs", stacked(name + "_o", odd), stacked(name + "_e", even));
    return reshape(name, pairs, std::move(shape));
  }
  ValueId rotated(const std::string& name, ValueId from, ValueId cosines, ValueId sines,
                  ValueId turned) {
    return add(name, mul(name + "_cos", from, cosines), mul(name + "_sin", turned, sines));
  }
  ValueId constants(const std::string& name, float (*wave)(float), bool interleaved = false,
                    std::int64_t size = kSize) {
    return constant(name, table(kTokens, size, interleaved, wave));
  }
};

float cosine(float x) { return std::cos(x); }
float sine(float x) { return std::sin(x); }

struct Llama : Rotary {
  ValueId heads = split_heads("heads", x);
  ValueId cosines = constants("cosines", cosine);
  ValueId sines = constants("sines", sine);

  ValueId rotate() { return rotated("y", heads, cosines, sines, turned("turned", heads)); }
  std::string ops() { return op_list(run(*this)); }
};

constexpr const char* kFused = "RotaryEmbedding Reshape Transpose";

TEST(FuseRotary, ConstantTablesOfASequence) {
  Llama b;
  b.output(b.rotate());
  EXPECT_EQ(nodes_text(run(b)),
            "%y_rotated float32[2,3,8] = RotaryEmbedding(%x, %cosines_half, %sines_half, "
            "%row_numbers_1) num_heads=2\n"
            "%y_split float32[2,3,2,4] = Reshape(%y_rotated, %y_split_shape)\n"
            "%y float32[2,2,3,4] = Transpose(%y_split) perm=[0,2,1,3]\n");
}

TEST(FuseRotary, OperandsInAnyOrder) {
  Llama b;
  auto turned = b.turned("turned", b.heads);
  b.output(b.add("y", b.mul("s", b.sines, turned), b.mul("c", b.cosines, b.heads)));
  EXPECT_EQ(b.ops(), kFused);
}

TEST(FuseRotary, HalvesBySplit) {
  Llama b;
  auto halves = b.node_of_many("Split", "half", {b.heads}, 2, {{"axis", std::int64_t{3}}}, 11);
  auto turned = b.joined("turned", b.node("Neg", "neg", {halves[1]}), halves[0]);
  b.output(b.rotated("y", b.heads, b.cosines, b.sines, turned));
  EXPECT_EQ(b.ops(), kFused);
}

TEST(FuseRotary, RowsChosenByPositions) {
  Rotary b;
  auto ids = b.input("ids", {2, 3}, DataType::kInt64);
  auto rows = [&](const std::string& name, float (*wave)(float)) {
    auto cache = b.constant(name + "_cache", table(9, 4, false, wave));
    auto chosen = b.node("Gather", name + "_rows", {cache, ids});
    return b.node("Unsqueeze", name, {chosen, b.constant(name + "_axis", int64s({1}))});
  };
  auto heads = b.split_heads("heads", b.x);
  b.output(b.rotated("y", heads, rows("cosines", cosine), rows("sines", sine),
                     b.turned("turned", heads)));
  const graph::Graph fused = run(b);
  EXPECT_EQ(op_list(fused), kFused);
  EXPECT_TRUE(nodes_text(fused).starts_with(
      "%y_rotated float32[2,3,8] = RotaryEmbedding(%x, %cosines_cache_half, %sines_cache_half, "
      "%ids) num_heads=2\n"));
}

// Llama as it is exported today: the tables come from the positions.
TEST(FuseRotary, TablesComputedFromPositions) {
  Rotary b;
  auto angles = b.input("angles", {2, 3, 2});
  auto both = b.joined("both", angles, angles);
  auto waves = [&](const std::string& op) {
    auto scaled =
        b.mul(op + "_scaled", b.node(op, op + "_of_both", {both}), b.scalar(op + "_by", 1.5f));
    return b.node("Unsqueeze", op, {scaled, b.constant(op + "_axis", int64s({1}))});
  };
  auto cosines = waves("Cos");
  auto sines = waves("Sin");
  auto q = b.split_heads("q", b.x);
  auto k = b.split_heads("k", b.input("k_in", {2, 3, 8}));
  b.output(b.rotated("q_y", q, cosines, sines, b.turned("q_turned", q)));
  b.output(b.rotated("k_y", k, cosines, sines, b.turned("k_turned", k)));
  EXPECT_EQ(op_list(run(b)),
            "Cos Mul Sin Mul RotaryEmbedding Reshape Transpose RotaryEmbedding Reshape Transpose");
}

TEST(FuseRotary, OfHeadsThatNoTransposeMade) {
  Rotary b;
  auto heads = b.input("heads", {2, 2, 3, 4});
  b.output(b.rotated("y", heads, b.constants("cosines", cosine), b.constants("sines", sine),
                     b.turned("turned", heads)));
  EXPECT_EQ(op_list(run(b)), "RotaryEmbedding");
}

// GPT-J: tokens first, neighbours are pairs.
TEST(FuseRotary, InterleavedTokensFirst) {
  Rotary b;
  auto heads = b.reshape("heads", b.x, {2, 3, 2, 4});
  auto of = [&](const std::string& name, float (*wave)(float)) {
    return b.constant(name, table(3, 4, true, wave).reshaped({1, 3, 1, 4}));
  };
  b.output(b.rotated("y", heads, of("cosines", cosine), of("sines", sine),
                     b.turned_pairs("turned", heads, {2, 3, 2, 4})));
  EXPECT_EQ(nodes_text(run(b)),
            "%y_rotated float32[2,3,8] = RotaryEmbedding(%x, %cosines_half_rows, "
            "%sines_half_rows, %row_numbers_1) interleaved=1 num_heads=2\n"
            "%y float32[2,3,2,4] = Reshape(%y_rotated, %y_split_shape)\n");
}

// GPT-NeoX, Phi: only the first elements of each vector turn.
TEST(FuseRotary, TheRestOfAVectorIsKept) {
  Rotary b;
  auto heads = b.transpose("t", b.reshape("four", b.x, {2, 3, 1, 8}), {0, 2, 1, 3});
  auto first = b.sliced("first", heads, 0, 4);
  auto turned = b.rotated("turning", first, b.constants("cosines", cosine),
                          b.constants("sines", sine), b.turned("turned", first));
  b.output(b.joined("y", turned, b.sliced("rest", heads, 4, kEnd)));
  const graph::Graph fused = run(b);
  EXPECT_EQ(op_list(fused), "Reshape RotaryEmbedding");
  EXPECT_EQ(fused.nodes().back().get_int("rotary_embedding_dim", 0), 4);
}

TEST(FuseRotary, AttentionReadsWhatIsRotatedInPlace) {
  Llama b;
  auto k = b.split_heads("k", b.input("k_in", {2, 3, 8}));
  auto k_rotated = b.rotated("k_y", k, b.cosines, b.sines, b.turned("k_turned", k));
  auto product = b.matmul("product", b.rotate(), b.transpose("k_t", k_rotated, {0, 1, 3, 2}));
  auto v = b.split_heads("v", b.input("v_in", {2, 3, 8}));
  b.output(b.merge_heads("out", b.matmul("context", b.softmax(product), v)));
  EXPECT_EQ(op_list(optimized(b.graph(), {{"remove-identity", "fuse-rotary", "fuse-attention"}})),
            "RotaryEmbedding RotaryEmbedding mini_infer.Attention");
}

// --- What must not fuse ---

bool fuses(Builder& b) { return op_list(run(b)).find("RotaryEmbedding") != std::string::npos; }

TEST(FuseRotary, HalvesThatDiffer) {
  Llama b;
  b.cosines = b.weights("free", {3, 4});
  b.output(b.rotate());
  EXPECT_FALSE(fuses(b));
}

TEST(FuseRotary, TablesWhoseHalvesAreNotKnown) {
  Llama b;
  b.cosines = b.input("given", {3, 4});
  b.output(b.rotate());
  EXPECT_FALSE(fuses(b));
}

TEST(FuseRotary, TablesThatDifferByHead) {
  Llama b;
  const core::Tensor once = table(3, 4, false, cosine);
  std::vector<float> twice;
  for (int head = 0; head < 2; ++head) {
    for (float value : once.as<float>()) {
      twice.push_back(value * static_cast<float>(head + 1));
    }
  }
  b.cosines = b.constant("by_head", floats({2, 3, 4}, twice));
  b.output(b.rotate());
  EXPECT_FALSE(fuses(b));
}

TEST(FuseRotary, ATurnTheOtherWay) {
  Llama b;
  auto lo = b.node("Neg", "neg", {b.sliced("lo", b.heads, 0, 2)});
  auto turned = b.joined("turned", b.sliced("hi", b.heads, 2, kEnd), lo);
  b.output(b.rotated("y", b.heads, b.cosines, b.sines, turned));
  EXPECT_FALSE(fuses(b));
}

TEST(FuseRotary, ATurnOfAnotherValue) {
  Llama b;
  auto other = b.input("other", {2, 2, 3, 4});
  b.output(b.rotated("y", b.heads, b.cosines, b.sines, b.turned("turned", other)));
  EXPECT_FALSE(fuses(b));
}

TEST(FuseRotary, ATurnOfOtherElements) {
  Llama b;
  auto hi = b.node("Neg", "neg", {b.sliced("hi", b.heads, 1, 3)});
  b.output(b.rotated("y", b.heads, b.cosines, b.sines,
                     b.joined("turned", hi, b.sliced("lo", b.heads, 0, 2))));
  EXPECT_FALSE(fuses(b));
}

TEST(FuseRotary, ProductsThatOthersRead) {
  for (const bool is_output : {false, true}) {
    Llama b;
    auto product = b.mul("product", b.heads, b.cosines);
    b.output(b.add("y", product, b.mul("s", b.turned("turned", b.heads), b.sines)));
    b.output(is_output ? product : b.node("Neg", "other", {product}));
    EXPECT_FALSE(fuses(b));
  }
}

TEST(FuseRotary, ADifferenceIsAnotherRotation) {
  Llama b;
  auto turned = b.turned("turned", b.heads);
  b.output(b.node("Sub", "y", {b.mul("c", b.heads, b.cosines), b.mul("s", turned, b.sines)}));
  EXPECT_FALSE(fuses(b));
}

TEST(FuseRotary, WhatIsOnlyRotatedKeepsItsOtherReaders) {
  Llama b;
  b.output(b.rotate());
  b.output(b.heads);
  EXPECT_EQ(b.ops(), "Reshape Transpose RotaryEmbedding");
}

}  // namespace
}  // namespace mini_infer::test
