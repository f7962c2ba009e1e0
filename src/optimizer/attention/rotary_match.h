#pragma once

#include <optional>

#include "optimizer/rewrite.h"

namespace mini_infer::optimizer {

// x * cosines + turned(x) * sines, where `turned` takes each pair (real, imaginary) of a vector to
// (-imaginary, real).
struct RotaryMatch {
  graph::ValueId x =
      graph::kNoValue;  // [batch, heads, tokens, size] or [batch, tokens, heads, size]
  graph::ValueId cosines = graph::kNoValue;  // broadcast to x, one per element
  graph::ValueId sines = graph::kNoValue;
  bool interleaved = false;  // pairs are neighbours; else halves of the vector
  std::int64_t rotated = 0;  // elements of a vector, its first; the rest is kept
  graph::NodeId last = graph::kNoNode;
};

// The rotation that the Add `last` of its two products ends, with the Concat after it that gives
// the vector's rest back. Nothing else reads the products.
std::optional<RotaryMatch> match_rotary(const Rewriter& rewriter, graph::NodeId last);

}  // namespace mini_infer::optimizer
