#pragma once

#include <map>
#include <optional>
#include <utility>

#include "optimizer/attention/rotary_match.h"

namespace mini_infer::optimizer {

// Cosines and sines as RotaryEmbedding takes them: one per pair.
struct RotaryTables {
  graph::ValueId cosines = graph::kNoValue;
  graph::ValueId sines = graph::kNoValue;
  graph::ValueId position_ids = graph::kNoValue;  // none: a row per token
};

// Finds the tables of matches. Rotations of the same tables share what is made for them.
class RotaryTableBuilder {
 public:
  explicit RotaryTableBuilder(Rewriter& rewriter) : rewriter_(rewriter) {}

  // For `tokens` tokens along axis `token_axis` of x. nullopt unless both elements of every pair
  // are known to be multiplied alike.
  std::optional<RotaryTables> build(const RotaryMatch& match, int token_axis);

 private:
  struct Rows;
  std::optional<Rows> rows(graph::ValueId table, const RotaryMatch& match, int token_axis);
  std::optional<graph::ValueId> halved(graph::ValueId value, bool interleaved);
  std::optional<graph::ValueId> make_halved(graph::ValueId value, bool interleaved);
  std::optional<graph::ValueId> doubled(graph::NodeId concat) const;
  std::optional<graph::ValueId> halved_function(graph::NodeId id, bool interleaved);
  std::optional<graph::ValueId> halved_constant(graph::ValueId value, bool interleaved);
  std::optional<Rows> chosen_rows(graph::ValueId value, const core::Shape& positions,
                                  bool interleaved);
  graph::ValueId reshaped(graph::ValueId value, const core::Shape& shape);
  graph::ValueId row_numbers(std::int64_t batch, std::int64_t tokens);

  Rewriter& rewriter_;
  std::map<std::pair<graph::ValueId, bool>, std::optional<graph::ValueId>> halved_;
  std::map<std::pair<std::int64_t, std::int64_t>, graph::ValueId> row_numbers_;
  std::map<std::pair<graph::ValueId, std::vector<std::int64_t>>, graph::ValueId> reshaped_;
};

}  // namespace mini_infer::optimizer
