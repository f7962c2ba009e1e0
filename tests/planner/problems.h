#pragma once

#include <algorithm>
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

// The same, and for each step a buffer that makes as many bytes live there as at the fullest one:
// no byte may be wasted then, which often cannot be.
inline Problem fill_up(Problem problem, std::int32_t steps) {
  std::vector<std::int64_t> live(steps, 0);
  for (const Buffer& buffer : problem.buffers) {
    for (std::int32_t step = buffer.first; step <= buffer.last; ++step) live[step] += buffer.size;
  }
  const std::int64_t most = *std::max_element(live.begin(), live.end());
  for (std::int32_t step = 0; step < steps; ++step) {
    problem.buffers.push_back({.size = most - live[step], .first = step, .last = step});
  }
  return problem;
}

// Small enough to try everything, and often higher than its bound: filled up, or of two alignments.
inline Problem make_small(Random& random) {
  if (random.in(0, 1) == 0) {
    return make(
        {.buffers = random.in(1, 10), .steps = 8, .longest = 5, .largest = 4, .alignments = {1, 4}},
        random);
  }
  return fill_up(
      make({.buffers = random.in(4, 9), .steps = 8, .longest = 5, .largest = 4, .alignments = {1}},
           random),
      8);
}

}  // namespace mini_infer::planner
