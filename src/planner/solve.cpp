#include "mini_infer/planner/solve.h"

#include <algorithm>
#include <bit>
#include <string>
#include <utility>

#include "core/try.h"
#include "planner/greedy.h"
#include "planner/improve.h"
#include "planner/lower_bound.h"
#include "planner/placement.h"

namespace mini_infer::planner {
namespace {

core::Status invalid(std::size_t index, const std::string& problem) {
  return {core::Status::ERROR_INVALID_ARGUMENT, "buffer " + std::to_string(index) + ": " + problem};
}

core::Status validate(const Buffer& buffer, std::size_t index) {
  if (buffer.size < 0) return invalid(index, "size " + std::to_string(buffer.size) + " < 0");
  if (buffer.first < 0) {
    return invalid(index, "first step " + std::to_string(buffer.first) + " < 0");
  }
  if (buffer.last < buffer.first) {
    return invalid(index, "last step " + std::to_string(buffer.last) + " < first step " +
                              std::to_string(buffer.first));
  }
  if (buffer.alignment <= 0 || !std::has_single_bit(static_cast<std::uint64_t>(buffer.alignment))) {
    return invalid(index, "alignment " + std::to_string(buffer.alignment) + " is no power of two");
  }
  return core::Status::SUCCESS;
}

// No plan needs more than the footprint of every buffer and the padding below it.
core::Status validate(const Problem& problem) {
  std::int64_t room = Placer::kNoLimit - 1;  // so that every height is below kNoLimit
  for (std::size_t i = 0; i < problem.buffers.size(); ++i) {
    const Buffer& buffer = problem.buffers[i];
    MI_TRY(validate(buffer, i));
    const std::int64_t padding = buffer.alignment - 1;
    const bool fits =
        buffer.size <= room && padding <= room - buffer.size && footprint(buffer) <= room - padding;
    if (!fits) {
      return invalid(i, "the sizes up to this one, " + std::to_string(buffer.size) +
                            " bytes, do not fit in 64 bits");
    }
    room -= footprint(buffer) + padding;
  }
  return core::Status::SUCCESS;
}

Solution with_bound(const LowerBound& bound, Placement placement) {
  return {.offsets = std::move(placement.offsets),
          .height = placement.height,
          .lower_bound = bound.bytes,
          .peak_step = bound.step,
          .proof = placement.height == bound.bytes ? Proof::kByBound : Proof::kNone};
}

}  // namespace

core::Result<Solution> solve(const Problem& problem, const Effort& /*effort*/) {
  MI_TRY(validate(problem));
  const LowerBound bound = lower_bound(problem);
  Placer placer(problem);
  Placement best{.offsets = {}, .height = Placer::kNoLimit};
  Placement placement;
  Order best_order;
  for (const Heuristic& heuristic : heuristics()) {
    Order order = heuristic.order(problem);
    const std::size_t placed = placer.place(order, heuristic.fit, best.height - 1, placement);
    if (placed < order.size()) continue;
    std::swap(best, placement);
    best_order = std::move(order);
    if (best.height == bound.bytes) return with_bound(bound, std::move(best));
  }
  improve(problem, bound.bytes, std::move(best_order), placer, best);
  return with_bound(bound, std::move(best));
}

core::Result<Solution> unshared(const Problem& problem) {
  MI_TRY(validate(problem));
  Placement placement;
  for (const Buffer& buffer : problem.buffers) {
    const std::int64_t mask = buffer.alignment - 1;
    const std::int64_t offset = buffer.size == 0 ? 0 : (placement.height + mask) & ~mask;
    placement.offsets.push_back(offset);
    if (buffer.size > 0) placement.height = offset + footprint(buffer);
  }
  return with_bound(lower_bound(problem), std::move(placement));
}

}  // namespace mini_infer::planner
