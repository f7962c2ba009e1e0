#pragma once

#include "ops/heads.h"

namespace mini_infer::ops {

// mini_infer.RotaryEmbedding is what the optimiser makes: it rotates the heads that the attribute
// `heads` states (stated_heads) of an input of any rank, and keeps the rest of it.
struct RotaryEmbeddingGeometry {
  Heads input;
  std::int64_t pairs = 0;    // of elements of a vector that are rotated; the rest is kept
  bool interleaved = false;  // element 2i is paired with 2i + 1; else i with i + pairs
  std::int64_t positions =
      0;  // rows of the caches when position ids choose one; else a row per token
};
core::Result<RotaryEmbeddingGeometry> rotary_embedding_geometry(const NodeView& view);

}  // namespace mini_infer::ops
