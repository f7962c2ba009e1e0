#include "report/repeat_search.h"

#include <algorithm>

#include "core/try.h"
#include "judge/contents.h"
#include "judge/packing.h"
#include "mini_infer/planner/solve.h"
#include "schedule/order.h"
#include "schedule/schedule.h"

namespace mini_infer::report {
namespace {

using core::Status;
using judge::Statement;

constexpr int kEffort = 20;  // times that of an ordinary plan

Status refuse(const std::string& message) { return {Status::ERROR_INTERNAL, message}; }

schedule::Problem ordering_problem(const judge::Contents& contents) {
  schedule::Problem problem;
  problem.steps.resize(contents.steps.size());
  for (std::size_t number = 0; number < contents.all.size(); ++number) {
    const judge::Content& content = contents.all[number];
    const int index = static_cast<int>(number);
    problem.contents.push_back({.bytes = content.bytes,
                                .uses = static_cast<int>(content.users.size()),
                                .from_start = content.from_start,
                                .to_end = content.to_end});
    for (const int maker : content.makers) problem.steps[maker].makes.push_back(index);
    for (const int user : content.users) problem.steps[user].uses.push_back(index);
  }
  for (std::size_t number = 0; number < contents.steps.size(); ++number) {
    const judge::StepFacts& facts = contents.steps[number];
    schedule::Step& step = problem.steps[number];
    step.before = facts.before;
    step.workspace = facts.workspace;
    for (const int before : facts.before) {
      problem.steps[before].after.push_back(static_cast<int>(number));
    }
    for (const judge::Overwrite& overwrite : facts.overwrites) {
      step.overwrites.push_back({overwrite.made, overwrite.read});
    }
  }
  return problem;
}

}  // namespace

Status repeat_offsets_search(const Statement& statement) {
  planner::Effort effort;
  effort.nodes *= kEffort;
  MI_ASSIGN(const planner::Solution solution,
            planner::solve(judge::packing_problem(statement), effort));
  if (solution.height < statement.claims.arena_bytes) {
    return refuse("it claims that no placement is smaller, but one takes " +
                  std::to_string(solution.height) + " bytes");
  }
  if (solution.proof != planner::Proof::kNone) return Status::SUCCESS;
  return refuse("it claims that no placement is smaller, but a search ended without an answer");
}

Status repeat_order_search(const Statement& statement) {
  MI_ASSIGN(const judge::Contents contents, judge::Contents::of(statement));
  const schedule::Order order = schedule::least_peak_order(
      ordering_problem(contents), schedule::ScheduleOptions().work * kEffort);
  if (order.peak + contents.scratch < statement.claims.lower_bound) {
    return refuse("it claims that no order needs less, but one needs " +
                  std::to_string(order.peak + contents.scratch) + " bytes");
  }
  const std::int64_t bound =
      std::max(order.bound_by_problem, order.bound_by_search) + contents.scratch;
  if (bound >= statement.claims.order_bound) return Status::SUCCESS;
  return refuse("it claims that every order needs " + std::to_string(statement.claims.order_bound) +
                " bytes, but a search shows only " + std::to_string(bound));
}

}  // namespace mini_infer::report
