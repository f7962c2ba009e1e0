#pragma once

#include "optimizer/attention/heads_view.h"
#include "optimizer/attention/strided_view.h"
#include "optimizer/rewrite.h"

namespace mini_infer::optimizer {

// Where the heads that are all of `value` come to lie in the furthest value that only re-views it
// and that they can be written to in its place. Nothing else reads what is between the two.
HeadsView follow_output(const Rewriter& rewriter, graph::ValueId value, const ops::Heads& heads);

// Heads of a dense tensor as they lie after its elements are read in the order of `strides`, which
// is that of a permutation; nullopt when a vector or a step is taken apart.
std::optional<ops::Heads> reordered(ops::Heads heads, const StridedAxis& strides);

}  // namespace mini_infer::optimizer
