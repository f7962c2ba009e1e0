#pragma once

#include <cstdint>
#include <random>
#include <vector>

#include "mini_infer/planner/problem.h"

// Problems for the tests, the same on every machine: std::mt19937 is fixed by the standard, its
// distributions are not.
namespace mini_infer::planner {

class Random {
 public:
  explicit Random(std::uint32_t seed) : engine_(seed) {}

  // In [low, high].
  std::int32_t in(std::int32_t low, std::int32_t high) {
    return low + static_cast<std::int32_t>(engine_() % static_cast<std::uint32_t>(high - low + 1));
  }

 private:
  std::mt19937 engine_;
};

struct RandomProblem {
  std::int32_t buffers;
  std::int32_t steps;
  std::int32_t longest = 8;                      // steps
  std::int32_t largest = 2000;                   // bytes; some buffers are empty
  std::vector<std::int64_t> alignments = {256};  // one of these each
};

inline Problem make(const RandomProblem& wanted, Random& random) {
  Problem problem;
  for (std::int32_t i = 0; i < wanted.buffers; ++i) {
    const std::int32_t first = random.in(0, wanted.steps - 1);
    const std::int32_t last = first + random.in(0, wanted.longest - 1);
    const auto choices = static_cast<std::int32_t>(wanted.alignments.size());
    problem.buffers.push_back({.size = random.in(0, wanted.largest),
                               .first = first,
                               .last = last < wanted.steps ? last : wanted.steps - 1,
                               .alignment = wanted.alignments[random.in(0, choices - 1)]});
  }
  return problem;
}

}  // namespace mini_infer::planner
