#pragma once

#include <map>
#include <string>
#include <utility>

#include "optimizer/attention/match.h"

namespace mini_infer::optimizer {

// The one mask that an Attention can have.
struct AttentionMask {
  graph::ValueId value = graph::kNoValue;
  std::optional<float> replacement;  // of the scores that a mask of bools hides
  bool causal = false;
};

// Makes one mask of those of a match. Attentions with the same masks share what is computed for it.
class MaskBuilder {
 public:
  explicit MaskBuilder(Rewriter& rewriter) : rewriter_(rewriter) {}

  // For scores of [batch, heads, queries, keys] whose first `past` keys precede the queries.
  // nullopt when one mask cannot do the same.
  std::optional<AttentionMask> build(const std::vector<ScoreMask>& masks, const core::Shape& scores,
                                     std::int64_t past);

 private:
  std::optional<AttentionMask> joined(const std::vector<ScoreMask>& masks);
  bool turn_into_numbers(AttentionMask& mask);
  bool join(AttentionMask& all, const ScoreMask& mask);
  graph::ValueId inverted(graph::ValueId mask);
  graph::ValueId of_four_axes(const ScoreMask& mask, const core::Shape& scores);
  graph::ValueId made(const std::string& op, std::vector<graph::ValueId> inputs,
                      core::DataType type);
  graph::ValueId number(float number);

  Rewriter& rewriter_;
  std::map<std::pair<std::string, std::vector<graph::ValueId>>, graph::ValueId> made_;
  std::map<float, graph::ValueId> numbers_;
};

}  // namespace mini_infer::optimizer
