#pragma once

#include "ops/math.h"
#include "ops/node_view.h"

namespace mini_infer::ops {

// Bounds that keep sums and products of two extents far inside int64, whatever a file says.
inline constexpr std::int64_t kLargestHeadExtent = INT32_MAX;

// Attention heads in a tensor, each a sequence of dense vectors. A tensor of its own holds them as
// [batch, heads, tokens, size], or merged as [batch, tokens, heads * size]; a part of a larger one
// may hold them anywhere.
struct Heads {
  std::int64_t batch = 0;
  std::int64_t heads = 0;
  std::int64_t tokens = 0;
  std::int64_t size = 0;
  bool merged = false;
  // In elements: of the first vector, and from one to the next.
  std::int64_t first = 0;
  std::int64_t batch_step = 0;
  std::int64_t head_step = 0;
  std::int64_t token_step = 0;

  core::Shape shape() const;
  // Elements from the beginning to a vector.
  MI_HD std::int64_t offset(std::int64_t sample, std::int64_t head, std::int64_t token) const {
    return first + sample * batch_step + head * head_step + token * token_step;
  }
};

// The same heads in a tensor of their own.
Heads dense(Heads heads);

// Input `slot`, of rank 4 or 3. A merged one has as many heads as the attribute `heads_key` says.
core::Result<Heads> heads_of(const NodeView& view, int slot, const char* heads_key);

// Heads anywhere in a tensor, as an attribute says it: batch, heads, tokens, size, first,
// batch_step, head_step and token_step.
std::vector<std::int64_t> stated(const Heads& heads);
Heads heads_stated(const std::vector<std::int64_t>& numbers);  // eight
// From the attribute `key`. Fails unless every vector is inside a tensor of this shape.
core::Result<Heads> stated_heads(const NodeView& view, const char* key, const core::Shape& within);

}  // namespace mini_infer::ops
