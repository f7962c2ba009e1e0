#pragma once

#include <optional>

#include "judge/statement.h"
#include "mini_infer/core/status.h"

namespace mini_infer::judge {

// Bytes that some step needs whatever order the steps run in, and whatever they overwrite. A
// content is there while a step runs if that step or one that must come before makes it, and that
// step or one that must come after uses it; the step's outputs may take the bytes of inputs that no
// other step must read later. Besides, all inputs of the model are there at first, all outputs at
// last.
struct OrderBound {
  std::int64_t bytes = 0;
  int step = 0;  // the first that needs so many
};

// Of a statement that check_packing has accepted. nullopt where there are more steps than
// kMostJudged: it takes their number squared, in bits.
constexpr int kMostJudged = 16384;
core::Result<std::optional<OrderBound>> order_bound(const Statement& statement);

// Refuses a bound on all orders that is said to follow from the graph and does not. True: it does;
// false: nobody has judged it, being found by search or of too many steps.
core::Result<bool> check_order(const Statement& statement);

}  // namespace mini_infer::judge
