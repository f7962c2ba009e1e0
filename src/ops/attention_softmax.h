#pragma once

#include "ops/math.h"

namespace mini_infer::ops {

// Whose arithmetic an attention follows where numbers are not finite or a query sees no key.
enum class AttentionSoftmax {
  // That of the standard's operator: a masked key is never looked at, and a query that sees no key
  // yields 0.
  kStandard,
  // softmax = "written_out": that of the nodes that were fused, a Softmax among them. Each key has
  // a
  // score, which masks change by IEEE arithmetic; a weight of 0 times a value that is not finite is
  // NaN; a query that sees no key has weights of NaN.
  kWrittenOut,
  // softmax = "nan_is_zero": the same, but weights that are NaN are replaced by 0.
  kNanIsZero
};

// What an attention that was written out does to the scores that it hides.
struct HiddenScores {
  // What a mask of bools, or is_causal, puts in the place of a score.
  float score = -__builtin_inff();
  bool is_added = false;  // by is_causal: added to the score, not put in its place
};

// Keys that is_causal hides from a query may be left out, for their weights are exactly 0, when
// - HiddenScores::score is at most kHidden,
// - their values are finite,
// - what a mask adds to their scores is at most kHarmless,
// - their scores, where HiddenScores::is_added, are within kHarmless of 0, and
// - the largest score that the query sees is at least kVisible, or HiddenScores::score is -inf.
inline constexpr float kHarmless = 1e22f;
inline constexpr float kVisible = -1e29f;
inline constexpr float kHidden = -1e30f;

inline namespace MI_ISA {

// The score of a key that is_causal hides, before a mask is added.
MI_HD inline float causal_score(const HiddenScores& hidden, float score) {
  return hidden.is_added ? score + hidden.score : hidden.score;
}

// Neither an infinity nor a NaN.
MI_HD inline bool is_finite(float x) { return x - x == 0.0f; }

}  // namespace MI_ISA
}  // namespace mini_infer::ops
