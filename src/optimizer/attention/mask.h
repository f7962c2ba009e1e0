#pragma once

#include <map>
#include <string>
#include <utility>

#include "optimizer/attention/match.h"

namespace mini_infer::optimizer {

// What masks one Attention: first is_causal, then one mask of bools or of numbers.
struct AttentionMask {
  graph::ValueId value = graph::kNoValue;
  // What a mask of bools puts in the place of a score; is_causal does the same, or adds it.
  std::optional<float> hidden_score;
  bool causal = false;
  bool causal_is_added = false;
};

// Makes one mask of those of a match. Attentions with the same masks share what is computed for it.
class MaskBuilder {
 public:
  explicit MaskBuilder(Rewriter& rewriter) : rewriter_(rewriter) {}

  // For scores of [batch, heads, queries, keys] whose first `past` keys precede the queries.
  // nullopt when one mask cannot do the same for any scores, infinite ones and NaN included.
  std::optional<AttentionMask> build(const std::vector<ScoreMask>& masks, const core::Shape& scores,
                                     std::int64_t past);

 private:
  AttentionMask made_of(const std::vector<ScoreMask>& masks, const core::Shape& scores);
  graph::ValueId inverted(graph::ValueId mask);
  graph::ValueId of_four_axes(const ScoreMask& mask, const core::Shape& scores);
  graph::ValueId made(const std::string& op, std::vector<graph::ValueId> inputs,
                      core::DataType type);

  Rewriter& rewriter_;
  std::map<std::pair<std::string, std::vector<graph::ValueId>>, graph::ValueId> made_;
};

}  // namespace mini_infer::optimizer
