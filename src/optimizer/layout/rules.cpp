#include "optimizer/layout/rules.h"

#include <algorithm>
#include <span>

#include "ops/alias.h"
#include "optimizer/layout/permutation.h"
#include "optimizer/reshape.h"

namespace mini_infer::optimizer {

// One table per file of rules; add yours here and below.
extern const std::span<const NamedLayoutRule> kImageRules;
extern const std::span<const NamedLayoutRule> kElementwiseRules;
extern const std::span<const NamedLayoutRule> kAxisRules;
extern const std::span<const NamedLayoutRule> kViewRules;

const LayoutRule* layout_rule(const graph::Node& node) {
  for (const auto* table : {&kImageRules, &kElementwiseRules, &kAxisRules, &kViewRules}) {
    const auto found = std::find_if(table->begin(), table->end(), [&](const auto& candidate) {
      return node.is(candidate.op, candidate.domain);
    });
    if (found != table->end()) return &found->rule;
  }
  return nullptr;
}

std::int64_t conversion_bytes(const graph::Value& value) {
  const int rank = value.shape->rank();
  if (rank < 3 || moves_no_element(*value.shape, to_channels_last(rank))) return 0;
  return static_cast<std::int64_t>(ops::bytes_of(value));
}

}  // namespace mini_infer::optimizer
