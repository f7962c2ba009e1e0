#pragma once

#include <array>

#include "ops/attention_softmax.h"
#include "ops/heads.h"
#include "ops/key_range.h"

namespace mini_infer::ops {

// mini_infer.Attention is what the optimiser makes: the Attention of ai.onnx whose heads lie
// anywhere in its inputs, of any rank, and which may be one and the same tensor. The attributes
// query, key, value, past_key and past_value say where (stated_heads), output where in Y, whose
// shape is output_shape. query_scale multiplies the queries before their products. `softmax` says
// whose arithmetic it is (AttentionSoftmax), masked_score and masked_score_is_added what masks do.

// The input slots of Attention.
struct AttentionInput {
  static constexpr int kQuery = 0;
  static constexpr int kKey = 1;
  static constexpr int kValue = 2;
  static constexpr int kMask = 3;
  static constexpr int kPastKey = 4;
  static constexpr int kPastValue = 5;
  static constexpr int kValidKeys = 6;  // nonpad_kv_seqlen
};

// What output 3 shows of the products of queries and keys.
enum class AttentionScores { kScaled = 0, kCapped = 1, kBiased = 2, kWeights = 3 };

// Which keys a query may see.
struct KeyRules {
  std::int64_t keys = 0;  // those beyond are masked
  bool causal = false;
  std::int64_t left_window = -1;  // how far from itself a query sees; -1: without end
  std::int64_t right_window = -1;

  // What query `token` sees when the first `valid` keys are no padding and `before` of them precede
  // the first query; both ends grow with the token. Empty when first >= last.
  MI_HD KeyRange visible(std::int64_t token, std::int64_t before, std::int64_t valid) const {
    const std::int64_t own = before + token;
    KeyRange range{0, least(keys, valid)};
    if (causal) range.last = least(range.last, own + 1);
    if (right_window >= 0) range.last = least(range.last, own + right_window + 1);
    if (left_window >= 0 && own > left_window) range.first = own - left_window;
    return range;
  }

 private:
  MI_HD static std::int64_t least(std::int64_t a, std::int64_t b) { return a < b ? a : b; }
};

// An attention with everything resolved. Keys and values are the past ones, followed by the new.
struct AttentionGeometry {
  Heads query, key, value, output;
  core::Shape output_shape;
  Heads past_key, past_value;
  std::int64_t past = 0;                  // of the keys
  std::array<std::int64_t, 4> mask = {};  // its strides along [batch, heads, queries, keys]
  KeyRules rules;
  float query_scale = 1;  // of the queries
  float scale = 1;        // of their products with keys
  float softcap = 0;      // 0 caps nothing
  AttentionScores scores = AttentionScores::kScaled;
  AttentionSoftmax softmax = AttentionSoftmax::kStandard;
  HiddenScores hidden;

  std::int64_t keys() const { return past + key.tokens; }
  // Which of the key's heads a head of the query looks at.
  std::int64_t key_head(std::int64_t head) const { return head / (query.heads / key.heads); }
};

core::Result<AttentionGeometry> attention_geometry(const NodeView& view);

// What a run fails with when nonpad_kv_seqlen does not count keys.
[[nodiscard]] core::Status not_a_count_of_keys(const NodeView& view,
                                               const AttentionGeometry& geometry);

}  // namespace mini_infer::ops
