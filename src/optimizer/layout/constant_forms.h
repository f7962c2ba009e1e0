#pragma once

#include <map>
#include <utility>

#include "optimizer/layout/permutation.h"
#include "optimizer/rewrite.h"

namespace mini_infer::optimizer {

// Permuted copies of constants, each made once.
class ConstantForms {
 public:
  explicit ConstantForms(Rewriter& rewriter) : rewriter_(rewriter) {}

  Rewriter& rewriter() { return rewriter_; }

  // The constant seen under `shape`, its axes moved, seen under `final_shape`.
  core::Result<graph::ValueId> permuted(graph::ValueId constant, const core::Shape& shape,
                                        const Permutation& permutation,
                                        const core::Shape& final_shape);
  core::Result<graph::ValueId> permuted(graph::ValueId constant, const Permutation& permutation);

  // As broadcast with a channels-first tensor of this rank: axes of extent 1 are put in front, then
  // channels go last.
  core::Result<graph::ValueId> channels_last(graph::ValueId constant, int rank);

 private:
  Rewriter& rewriter_;
  std::map<std::pair<graph::ValueId, std::vector<std::int64_t>>, graph::ValueId> made_;
};

}  // namespace mini_infer::optimizer
