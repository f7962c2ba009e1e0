#include "mini_infer/planner/c_api.h"

#include <algorithm>
#include <exception>
#include <new>
#include <string>
#include <string_view>

#include "core/try.h"
#include "mini_infer/core/export.h"
#include "mini_infer/planner/check.h"
#include "mini_infer/planner/solve.h"

namespace mini_infer::planner {
namespace {

using core::Status;

Problem to_problem(const mini_infer_buffer* buffers, std::size_t count) {
  Problem problem;
  problem.buffers.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    const mini_infer_buffer& buffer = buffers[i];
    Buffer& to = problem.buffers.emplace_back();
    to.size = buffer.size;
    to.first = buffer.first;
    to.last = buffer.last;
    to.alignment = buffer.alignment == 0 ? 1 : buffer.alignment;
    if (buffer.is_fixed != 0) to.fixed_offset = buffer.offset;
  }
  return problem;
}

Effort to_effort(const mini_infer_effort& from) {
  Effort effort;
  effort.nodes = from.nodes;
  if (from.seconds != 0) effort.seconds = from.seconds;
  effort.threads = from.threads == 0 ? 1 : from.threads;
  if (from.capacity > 0) effort.capacity = from.capacity;
  return effort;
}

core::Result<Solution> solve_and_check(const mini_infer_buffer* buffers, std::size_t count,
                                       const mini_infer_effort* effort) {
  const Problem problem = to_problem(buffers, count);
  MI_ASSIGN(Solution solution, solve(problem, effort == nullptr ? Effort() : to_effort(*effort)));
  MI_TRY(check(problem, solution));
  return solution;
}

int to_c(Status::Code code) {
  switch (code) {
    case Status::SUCCESS:
      return MINI_INFER_OK;
    case Status::ERROR_INVALID_ARGUMENT:
      return MINI_INFER_INVALID_ARGUMENT;
    case Status::ERROR_OUT_OF_MEMORY:
      return MINI_INFER_OUT_OF_MEMORY;
    default:
      return MINI_INFER_INTERNAL;
  }
}

void write_message(std::string_view text, char* message, std::size_t size) {
  if (message == nullptr || size == 0) return;
  const std::size_t length = std::min(text.size(), size - 1);
  std::copy_n(text.data(), length, message);
  message[length] = '\0';
}

core::Result<Proof> to_proof(std::int32_t number) {
  switch (number) {
    case MINI_INFER_PROOF_NONE:
      return Proof::kNone;
    case MINI_INFER_PROOF_BY_BOUND:
      return Proof::kByBound;
    case MINI_INFER_PROOF_BY_SEARCH:
      return Proof::kBySearch;
    default:
      return {Status::ERROR_INVALID_ARGUMENT,
              "proof: expected a mini_infer_proof, found " + std::to_string(number)};
  }
}

Status check_solution(const mini_infer_buffer* buffers, std::size_t count,
                      const std::int64_t* offsets, const mini_infer_solution& claimed) {
  Solution solution;
  solution.offsets.assign(offsets, offsets + count);
  solution.height = claimed.height;
  solution.lower_bound = claimed.lower_bound;
  solution.peak_step = claimed.peak_step;
  MI_ASSIGN(solution.proof, to_proof(claimed.proof));
  return check(to_problem(buffers, count), solution);
}

// Calls `work`, which returns a mini_infer_status; what it throws becomes one.
template <typename Work>
int guarded(char* message, std::size_t size, Work work) {
  try {
    return work();
  } catch (const std::bad_alloc&) {
    write_message("the host has no memory left", message, size);
    return MINI_INFER_OUT_OF_MEMORY;
  } catch (const std::exception& error) {
    write_message(error.what(), message, size);
    return MINI_INFER_INTERNAL;
  } catch (...) {
    write_message("an exception of unknown type", message, size);
    return MINI_INFER_INTERNAL;
  }
}

}  // namespace
}  // namespace mini_infer::planner

extern "C" {

MINI_INFER_API mini_infer_effort mini_infer_default_effort(void) {
  const mini_infer::planner::Effort effort;
  return {effort.nodes, 0, effort.threads, 0};
}

MINI_INFER_API int mini_infer_solve(const mini_infer_buffer* buffers, size_t count,
                                    const mini_infer_effort* effort, int64_t* offsets,
                                    mini_infer_solution* solution, char* message,
                                    size_t message_size) {
  using namespace mini_infer::planner;
  return guarded(message, message_size, [&]() -> int {
    if (count > 0 && (buffers == nullptr || offsets == nullptr)) {
      write_message("buffers and offsets: expected arrays, found NULL", message, message_size);
      return MINI_INFER_INVALID_ARGUMENT;
    }
    const auto solved = solve_and_check(buffers, count, effort);
    write_message(solved.status().message(), message, message_size);
    if (!solved.ok()) return to_c(solved.status().code());
    std::copy(solved->offsets.begin(), solved->offsets.end(), offsets);
    if (solution != nullptr) {
      *solution = {solved->height, solved->lower_bound, solved->peak_step,
                   static_cast<std::int32_t>(solved->proof)};
    }
    return MINI_INFER_OK;
  });
}

MINI_INFER_API int mini_infer_check(const mini_infer_buffer* buffers, size_t count,
                                    const int64_t* offsets, const mini_infer_solution* solution,
                                    char* message, size_t message_size) {
  using namespace mini_infer::planner;
  return guarded(message, message_size, [&]() -> int {
    if (solution == nullptr || (count > 0 && (buffers == nullptr || offsets == nullptr))) {
      write_message("buffers, offsets and solution: expected them all, found NULL", message,
                    message_size);
      return MINI_INFER_INVALID_ARGUMENT;
    }
    const Status status = check_solution(buffers, count, offsets, *solution);
    write_message(status.message(), message, message_size);
    return status == Status::ERROR_INTERNAL ? MINI_INFER_REFUSED : to_c(status.code());
  });
}

MINI_INFER_API int32_t mini_infer_planner_interface(void) { return MINI_INFER_PLANNER_INTERFACE; }
MINI_INFER_API const char* mini_infer_planner_version(void) { return MINI_INFER_VERSION; }

}  // extern "C"
