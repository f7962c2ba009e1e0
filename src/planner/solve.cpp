#include "mini_infer/planner/solve.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <exception>
#include <limits>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "core/float_environment.h"
#include "core/try.h"
#include "planner/greedy.h"
#include "planner/improve.h"
#include "planner/lower_bound.h"
#include "planner/placement.h"
#include "planner/search.h"
#include "planner/validate.h"

namespace mini_infer::planner {
namespace {

constexpr std::int64_t kNoEnd = std::numeric_limits<std::int64_t>::max();

Solution with_bound(const LowerBound& bound, Placement placement) {
  return {.offsets = std::move(placement.offsets),
          .height = placement.height,
          .lower_bound = bound.bytes,
          .peak_step = bound.step,
          .proof = placement.height == bound.bytes ? Proof::kByBound : Proof::kNone};
}

// The first of the lowest; none is tried after one that is low enough. `order`: how it was placed.
Placement best_of_greedy(const Problem& problem, std::int64_t enough, Placer& placer,
                         Order& best_order) {
  Placement best{.offsets = {}, .height = Placer::kNoLimit};
  Placement placement;
  for (const Heuristic& heuristic : heuristics()) {
    Order order = heuristic.order(problem);
    if (placer.place(order, heuristic.fit, best.height - 1, placement) < order.size()) continue;
    std::swap(best, placement);
    best_order = std::move(order);
    if (best.height <= enough) break;
  }
  return best;
}

core::Status validate(const Effort& effort) {
  using core::Status;
  if (effort.nodes < 0) {
    return {Status::ERROR_INVALID_ARGUMENT,
            "search nodes: expected 0 or more, found " + std::to_string(effort.nodes)};
  }
  if (effort.seconds && !(*effort.seconds >= 0 && *effort.seconds <= 1e9)) {
    return {Status::ERROR_INVALID_ARGUMENT, "seconds to search: expected a number from 0 to 1e9"};
  }
  if (effort.threads < 1 || effort.threads > 1024) {
    return {Status::ERROR_INVALID_ARGUMENT,
            "threads: expected 1 to 1024, found " + std::to_string(effort.threads)};
  }
  if (effort.threads > 1 && !effort.seconds) {
    return {Status::ERROR_INVALID_ARGUMENT,
            "threads: more than one only where seconds are given, because the answer then depends "
            "on the machine"};
  }
  return Status::SUCCESS;
}

bool any_fixed(const Problem& problem) {
  return std::any_of(problem.buffers.begin(), problem.buffers.end(),
                     [](const Buffer& buffer) { return buffer.fixed_offset.has_value(); });
}

Budget budget_of(const Effort& effort) {
  using Clock = std::chrono::steady_clock;
  if (!effort.seconds) return {effort.nodes, [] { return false; }};
  const auto end = Clock::now() + std::chrono::duration<double>(*effort.seconds);
  return {kNoEnd, [end] { return Clock::now() >= end; }};
}

// Each thread searches for itself, and the first to know the answer stops the others.
std::int64_t search_in_threads(const Problem& problem, std::int64_t enough, const Effort& effort,
                               Placement& best) {
  struct Searched {
    Placement placement;
    std::int64_t least = 0;
    std::exception_ptr failed = nullptr;
  };
  std::vector<Searched> results(static_cast<std::size_t>(effort.threads), {best, 0, nullptr});
  std::atomic<bool> known = false;
  const Budget all = budget_of(effort);
  const auto run = [&](std::size_t thread) {
    Budget budget{all.nodes, [&] { return known || all.stop(); },
                  static_cast<std::uint32_t>(thread)};
    auto& [placement, least, failed] = results[thread];
    try {
      least = search(problem, enough, budget, placement);
      if (placement.height <= std::max(least, enough)) known = true;
    } catch (...) {  // what a thread throws must not leave it
      failed = std::current_exception();
    }
  };
  std::vector<std::jthread> threads;
  try {
    for (std::size_t i = 1; i < results.size(); ++i) threads.emplace_back(run, i);
  } catch (const std::system_error&) {
    // The system makes no more threads; those there are search.
  }
  run(0);
  threads.clear();
  std::int64_t least = 0;
  for (Searched& result : results) {
    if (result.failed) std::rethrow_exception(result.failed);
    least = std::max(least, result.least);
    if (result.placement.height < best.height) best = std::move(result.placement);
  }
  return least;
}

}  // namespace

core::Result<Solution> solve(const Problem& problem, const Effort& effort) {
  const core::FloatEnvironment ours;
  MI_TRY(validate(effort));
  MI_TRY(validate(problem));
  const LowerBound bound = lower_bound(problem);
  const std::int64_t enough = std::max(bound.bytes, effort.capacity.value_or(0));
  Placer placer(problem);
  Order order;
  Placement best = best_of_greedy(problem, enough, placer, order);
  const bool search_more = effort.seconds ? *effort.seconds > 0 : effort.nodes > 0;
  if (best.height <= enough || !search_more) return with_bound(bound, std::move(best));

  std::int64_t least = bound.bytes;
  if (!any_fixed(problem)) {
    least = search_in_threads(problem, enough, effort, best);
  }
  if (best.height > std::max(least, enough)) {
    improve(problem, std::max(least, enough), std::move(order), placer, best);
  }
  Solution solution = with_bound(bound, std::move(best));
  if (solution.proof == Proof::kNone && solution.height == least) {
    solution.proof = Proof::kBySearch;
  }
  return solution;
}

core::Result<Solution> unshared(const Problem& problem) {
  MI_TRY(validate(problem));
  Placement placement;
  for (const Buffer& buffer : problem.buffers) {
    if (!buffer.fixed_offset || buffer.size == 0) continue;
    placement.height = std::max(placement.height, *buffer.fixed_offset + footprint(buffer));
  }
  for (const Buffer& buffer : problem.buffers) {
    const std::int64_t mask = buffer.alignment - 1;
    const std::int64_t next = buffer.size == 0 ? 0 : (placement.height + mask) & ~mask;
    placement.offsets.push_back(buffer.fixed_offset.value_or(next));
    if (buffer.size > 0 && !buffer.fixed_offset) placement.height = next + footprint(buffer);
  }
  return with_bound(lower_bound(problem), std::move(placement));
}

}  // namespace mini_infer::planner
