#pragma once

#include "ops/node_view.h"

namespace mini_infer::ops {

// Bounds that keep sums and products of two extents far inside int64, whatever a file says.
inline constexpr std::int64_t kLargestHeadExtent = INT32_MAX;

// A tensor of attention heads, each a sequence of vectors: [batch, heads, tokens, size], or merged
// as [batch, tokens, heads * size].
struct Heads {
  std::int64_t batch = 0;
  std::int64_t heads = 0;
  std::int64_t tokens = 0;
  std::int64_t size = 0;
  bool merged = false;

  core::Shape shape() const;
  // Elements from the beginning to a vector, and from one token's vector to the next one's.
  std::int64_t offset(std::int64_t sample, std::int64_t head, std::int64_t token) const;
  std::int64_t token_step() const { return merged ? heads * size : size; }
};

// Input `slot`, of rank 4 or 3. A merged one has as many heads as the attribute `heads_key` says.
core::Result<Heads> heads_of(const NodeView& view, int slot, const char* heads_key);

}  // namespace mini_infer::ops
