#include "judge/packing.h"

#include <algorithm>
#include <string>

#include "core/try.h"
#include "mini_infer/planner/check.h"

namespace mini_infer::judge {
namespace {

using core::Status;

Status refuse(const std::string& message) { return {Status::ERROR_INTERNAL, message}; }

// Lifetimes lie inside the plan: without steps all is at step 0, and no workspace is.
Status check_lifetimes(const Statement& statement) {
  const int steps = static_cast<int>(statement.steps.size());
  for (const Storage& storage : statement.arena) {
    const int end = storage.kind == StorageKind::kWorkspace ? steps : std::max(1, steps);
    if (storage.first_step >= 0 && storage.last_step < end) continue;
    return refuse("storage '" + storage.name + "' lives at steps " +
                  std::to_string(storage.first_step) + ".." + std::to_string(storage.last_step) +
                  " of " + std::to_string(steps));
  }
  return Status::SUCCESS;
}

// A step's kernel may write its hole: nothing that is alive may lie there.
Status check_holes(const Statement& statement) {
  if (statement.steps.empty()) return Status::SUCCESS;
  for (const Storage& storage : statement.arena) {
    for (int step = storage.first_step; step <= storage.last_step; ++step) {
      const Step& at = statement.steps[static_cast<std::size_t>(step)];
      const bool apart = at.hole_offset + at.hole_bytes <= storage.offset ||
                         storage.offset + storage.bytes <= at.hole_offset;
      if (apart || at.hole_bytes == 0 || storage.bytes == 0) continue;
      return refuse("the hole of step " + std::to_string(step) + ", " + at.node + ", overlaps '" +
                    storage.name + "'");
    }
  }
  for (std::size_t step = 0; step < statement.steps.size(); ++step) {
    const Step& at = statement.steps[step];
    if (at.hole_offset + at.hole_bytes <= statement.claims.arena_bytes) continue;
    return refuse("the hole of step " + std::to_string(step) + ", " + at.node +
                  ", ends outside the arena");
  }
  return Status::SUCCESS;
}

}  // namespace

planner::Problem packing_problem(const Statement& statement) {
  planner::Problem problem;
  for (const Storage& storage : statement.arena) {
    problem.buffers.push_back({.size = storage.bytes,
                               .first = storage.first_step,
                               .last = storage.last_step,
                               .alignment = statement.alignment});
  }
  return problem;
}

Status check_packing(const Statement& statement) {
  planner::Solution solution;
  for (const Storage& storage : statement.arena) solution.offsets.push_back(storage.offset);
  solution.height = statement.claims.arena_bytes;
  solution.lower_bound = statement.claims.lower_bound;
  solution.peak_step = statement.claims.peak_step;
  solution.proof = statement.claims.offsets_proof;
  MI_TRY(planner::check(packing_problem(statement), solution).with_context("the arena"));
  MI_TRY(check_lifetimes(statement));
  return check_holes(statement);
}

}  // namespace mini_infer::judge
