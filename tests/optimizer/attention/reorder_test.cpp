#include <gtest/gtest.h>

#include "optimizer/attention/attention_graphs.h"
#include "optimizer/optimized.h"

namespace mini_infer::test {
namespace {

using graph::ValueId;

graph::Graph run(Builder& b) {
  return optimized(b.graph(), {{"remove-identity", "fuse-attention", "absorb-transposes"}});
}

// MultiheadAttention, whose tokens come first, in an encoder whose samples come first.
struct Multihead : Attended {
  ValueId tokens_first = transpose("tokens_first", x, {1, 0, 2});

  ValueId stack(const std::string& name, ValueId part, std::vector<std::int64_t> permutation) {
    return transpose(name, reshape(name + "_3d", part, {3, 4, 4}), std::move(permutation));
  }
  // [6,8], tokens before samples.
  ValueId attended(ValueId q, ValueId k, ValueId v) {
    auto product = matmul("product", stack("q", q, {1, 0, 2}), stack("k", k, {1, 2, 0}));
    auto context = matmul("context", softmax(product), stack("v", v, {1, 0, 2}));
    return reshape("rows", transpose("back", context, {1, 0, 2}), {6, 8});
  }
  ValueId packed() {
    auto qkv = linear("qkv", tokens_first, 8, 24);
    auto parts = node_of_many("Split", "part", {qkv}, 3, {{"axis", std::int64_t{2}}}, 11);
    return attended(parts[0], parts[1], parts[2]);
  }
  ValueId gemm(ValueId rows) {
    return node("Gemm", "out", {rows, weights("out_w", {8, 8}), weights("out_b", {8})},
                {{"transB", std::int64_t{1}}});
  }
  ValueId samples_first(ValueId rows) {
    return transpose("y", reshape("out_3d", rows, {3, 2, 8}), {1, 0, 2});
  }
  std::string ops() { return op_list(run(*this)); }
};

TEST(Reorder, BeforeAndAfterAnAttention) {
  Multihead b;
  b.output(b.samples_first(b.gemm(b.packed())));
  EXPECT_EQ(nodes_text(run(b)),
            "%qkv_mm float32[2,3,24] = MatMul(%x, %qkv_w)\n"
            "%qkv float32[2,3,24] = Add(%qkv_mm, %qkv_b)\n"
            "%rows float32[6,8] = mini_infer.Attention(%qkv, %qkv, %qkv) "
            "key=[2,2,3,4,8,72,4,24] output=[2,2,3,4,0,24,4,8] "
            "output_shape=[6,8] query=[2,2,3,4,0,72,4,24] scale=1 softmax=\"written_out\" "
            "value=[2,2,3,4,16,72,4,24]\n"
            "%out float32[6,8] = Gemm(%rows, %out_w, %out_b) transB=1\n"
            "%y float32[2,3,8] = Reshape(%out, %y_shape)\n");
}

TEST(Reorder, ProjectionsOneByOne) {
  Multihead b;
  auto q = b.linear("q_in", b.tokens_first, 8, 8);
  auto k = b.linear("k_in", b.tokens_first, 8, 8);
  auto v = b.linear("v_in", b.tokens_first, 8, 8);
  b.output(b.attended(q, k, v));
  EXPECT_EQ(b.ops(), "MatMul Add MatMul Add MatMul Add mini_infer.Attention");
}

TEST(Reorder, AProjectionOfThreeAxesAfterIt) {
  Multihead b;
  auto tokens = b.reshape("tokens", b.packed(), {3, 2, 8});
  b.output(b.transpose("y", b.linear("out", tokens, 8, 8), {1, 0, 2}));
  EXPECT_EQ(b.ops(), "MatMul Add mini_infer.Attention MatMul Add Reshape");
}

TEST(Reorder, WhatOthersReadInTheOldOrderStays) {
  Multihead b;
  auto rows = b.gemm(b.packed());
  b.output(b.samples_first(rows));
  b.output(b.node("Neg", "other", {rows}));
  EXPECT_EQ(b.ops(), "MatMul Add mini_infer.Attention Gemm Reshape Transpose Neg");
  Multihead c;
  auto qkv = c.linear("qkv", c.tokens_first, 8, 24);
  auto parts = c.node_of_many("Split", "part", {qkv}, 3, {{"axis", std::int64_t{2}}}, 11);
  c.output(c.attended(parts[0], parts[1], parts[2]));
  c.output(c.node("Neg", "other", {qkv}));
  EXPECT_EQ(c.ops(), "Transpose MatMul Add Neg mini_infer.Attention");
}

TEST(Reorder, ABiasPerTokenKeepsItsOrder) {
  Multihead b;
  auto product = b.matmul("qkv_mm", b.tokens_first, b.weights("w", {8, 24}));
  auto qkv = b.add("qkv", product, b.weights("by_token", {3, 1, 24}));
  auto parts = b.node_of_many("Split", "part", {qkv}, 3, {{"axis", std::int64_t{2}}}, 11);
  b.output(b.attended(parts[0], parts[1], parts[2]));
  EXPECT_EQ(b.ops(), "Transpose MatMul Add mini_infer.Attention");
}

TEST(Reorder, ATransposeWithinRowsStays) {
  Multihead b;
  b.output(b.transpose("y", b.gemm(b.packed()), {1, 0}));
  EXPECT_EQ(b.ops(), "MatMul Add mini_infer.Attention Gemm Transpose");
}

}  // namespace
}  // namespace mini_infer::test
