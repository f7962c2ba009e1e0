#pragma once

#include <array>
#include <vector>

#include "optimizer/rewrite.h"

namespace mini_infer::optimizer {

// What mini_infer.Attention says of its first inputs.
inline constexpr std::array kHeadsAttributes = {"query", "key", "value"};

// x * weights + bias, both constant, which an attention alone reads, perhaps rotated.
struct Projection {
  static constexpr std::size_t kWeights = 1;
  static constexpr std::size_t kBias = 2;

  graph::NodeId product = graph::kNoNode;  // a MatMul or Gemm
  graph::NodeId rotary = graph::kNoNode;   // a RotaryEmbedding of it; else none

  graph::NodeId last() const { return rotary == graph::kNoNode ? product : rotary; }
};

// The projections of the value that most of the attention's are of; their weights lie alike.
std::vector<Projection> projections_of(const Rewriter& rewriter, graph::NodeId attention);

// Whether the weights are [columns, depth], not [depth, columns].
bool is_transposed(const graph::Node& product);

std::int64_t columns_of(const Rewriter& rewriter, graph::NodeId product);

}  // namespace mini_infer::optimizer
