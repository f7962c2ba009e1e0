#pragma once

#include "optimizer/builder.h"

// Attention as exporters write it.
namespace mini_infer::test {

// Two samples, three tokens, two heads of four: [2,3,8] in and out.
struct Attended : Builder {
  static constexpr std::int64_t kBatch = 2;
  static constexpr std::int64_t kTokens = 3;
  static constexpr std::int64_t kHeads = 2;
  static constexpr std::int64_t kSize = 4;
  static constexpr std::int64_t kWidth = kHeads * kSize;

  graph::ValueId x = input("x", {kBatch, kTokens, kWidth});

  graph::ValueId linear(const std::string& name, graph::ValueId from, std::int64_t in,
                        std::int64_t out) {
    return add(name, node("MatMul", name + "_mm", {from, weights(name + "_w", {in, out})}),
               weights(name + "_b", {out}));
  }
  // [batch, tokens, heads * size] -> [batch, heads, tokens, size], or another permutation.
  graph::ValueId split_heads(const std::string& name, graph::ValueId from,
                             std::vector<std::int64_t> permutation = {0, 2, 1, 3},
                             std::int64_t heads = kHeads) {
    return transpose(name, reshape(name + "_4d", from, {0, 0, heads, kSize}),
                     std::move(permutation));
  }
  graph::ValueId projected(const std::string& name, std::vector<std::int64_t> permutation) {
    return split_heads(name + "_heads", linear(name, x, kWidth, kWidth), std::move(permutation));
  }
  graph::ValueId softmax(graph::ValueId scores) {
    return node("Softmax", "weights", {scores}, {{"axis", std::int64_t{-1}}});
  }
  graph::ValueId matmul(const std::string& name, graph::ValueId a, graph::ValueId b) {
    return node("MatMul", name, {a, b});
  }
  graph::ValueId divided(const std::string& name, graph::ValueId a, float by) {
    return node("Div", name, {a, scalar(name + "_by", by)});
  }
  // [batch, heads, tokens, size] -> [batch, tokens, heads * size].
  graph::ValueId merge_heads(const std::string& name, graph::ValueId from) {
    return reshape(name, transpose(name + "_t", from, {0, 2, 1, 3}), {0, 0, -1});
  }
};

}  // namespace mini_infer::test
