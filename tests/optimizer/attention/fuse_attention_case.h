#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "optimizer/attention/attention_graphs.h"
#include "optimizer/optimized.h"

// Graphs that the pass fuse-attention is tried on.
namespace mini_infer::test {

inline constexpr float kInf = std::numeric_limits<float>::infinity();
inline constexpr float kLowest = std::numeric_limits<float>::lowest();
inline constexpr const char* kFused = "mini_infer.Attention";

inline graph::Graph run(Builder& b) {
  return optimized(b.graph(), {{"remove-identity", "fuse-attention"}});
}

inline std::string last_line(const graph::Graph& graph) {
  std::string text = nodes_text(graph);
  text.pop_back();
  return text.substr(text.rfind('\n') + 1);
}

inline core::Tensor bools(core::Shape shape, std::vector<std::uint8_t> values) {
  return core::Tensor::from<std::uint8_t>(core::DataType::kBool, std::move(shape), values);
}

inline const core::Tensor kCausal = bools({1, 1, 3, 3}, {1, 0, 0, 1, 1, 0, 1, 1, 1});
inline const core::Tensor kFuture = bools({1, 1, 3, 3}, {0, 1, 1, 0, 0, 1, 0, 0, 0});

// The encoder of BERT, with what the test says between the product and the Softmax.
struct Bert : Attended {
  graph::ValueId q = projected("q", {0, 2, 1, 3});
  graph::ValueId k = projected("k", {0, 2, 3, 1});
  graph::ValueId v = projected("v", {0, 2, 1, 3});
  graph::ValueId product = matmul("product", q, k);

  void finish(graph::ValueId scores) {
    output(merge_heads("y", matmul("context", softmax(scores), v)));
  }
  std::string ops() { return op_list(run(*this)); }
};

// What is left of the graph when the attention is one node.
inline const std::string kBertFused = std::string("MatMul Add MatMul Add MatMul Add ") + kFused;

// A product from [2,3,8] to the packed [2,3,24].
struct Packed : Attended {
  graph::ValueId qkv = linear("qkv", x, 8, 24);

  void attend(graph::ValueId q, graph::ValueId k, graph::ValueId v) {
    auto weights = softmax(divided("scaled", matmul("product", q, k), 2));
    output(merge_heads("y", matmul("context", weights, v)));
  }
  std::string line() {
    const graph::Graph fused = run(*this);
    EXPECT_EQ(op_list(fused), std::string("MatMul Add ") + kFused);
    return last_line(fused);
  }
};

inline const std::string kPacked =
    "%y float32[2,3,8] = mini_infer.Attention(%qkv, %qkv, %qkv) key=[2,2,3,4,8,72,4,24] "
    "output=[2,2,3,4,0,24,4,8] output_shape=[2,3,8] "
    "query=[2,2,3,4,0,72,4,24] scale=0.5 softmax=\"written_out\" value=[2,2,3,4,16,72,4,24]";

// Keys or values of two heads, for three queries each.
inline graph::ValueId repeated(Builder& b, const std::string& name, graph::ValueId x, bool tiled) {
  auto five = b.node("Unsqueeze", name + "_5d", {x, b.constant(name + "_axis", int64s({2}))});
  const auto extents = tiled ? int64s({1, 1, 3, 1, 1}) : int64s({2, 2, 3, 5, 4});
  auto wide =
      b.node(tiled ? "Tile" : "Expand", name + "_wide", {five, b.constant(name + "_to", extents)});
  return b.reshape(name, wide, {2, 6, 5, 4});
}

}  // namespace mini_infer::test
