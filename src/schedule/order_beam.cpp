#include "schedule/order_beam.h"

#include <algorithm>
#include <tuple>
#include <utility>

namespace mini_infer::schedule {
namespace {

// Some 20 million numbers copied for the whole segment.
std::size_t width_for(std::int64_t length) {
  return static_cast<std::size_t>(std::clamp<std::int64_t>(20'000'000 / (length * length), 1, 64));
}

struct Beam {
  Progress progress;
  BeamOrder order;
};

struct Candidate {
  std::int64_t peak = 0;
  std::int64_t live = 0;  // after the step
  std::size_t beam = 0;
  int step = 0;

  auto key() const { return std::tie(peak, live, beam, step); }
};

std::vector<Candidate> candidates(const std::vector<Beam>& beams, Segment segment) {
  std::vector<Candidate> all;
  for (std::size_t i = 0; i < beams.size(); ++i) {
    const Progress& at = beams[i].progress;
    for (int step : at.ready()) {
      if (step >= segment.end) break;
      all.push_back(
          {std::max(beams[i].order.peak, at.footprint(step)), at.live() + at.rise(step), i, step});
    }
  }
  std::sort(all.begin(), all.end(),
            [](const Candidate& a, const Candidate& b) { return a.key() < b.key(); });
  return all;
}

// Two beams that have run the same steps go on alike: only the better one is kept.
bool same_steps(const BeamOrder& a, std::vector<int> b) {
  std::vector<int> sorted = a.steps;
  std::sort(sorted.begin(), sorted.end());
  std::sort(b.begin(), b.end());
  return sorted == b;
}

}  // namespace

BeamOrder beam_order(const Progress& progress, Segment segment) {
  const std::int64_t length = segment.end - segment.begin;
  const std::size_t width = width_for(length);
  std::vector<Beam> beams{{progress, {}}};
  for (std::int64_t done = 0; done < length; ++done) {
    std::vector<Beam> next;
    for (const Candidate& candidate : candidates(beams, segment)) {
      if (next.size() == width) break;
      std::vector<int> steps = beams[candidate.beam].order.steps;
      steps.push_back(candidate.step);
      if (std::any_of(next.begin(), next.end(), [&](const Beam& beam) {
            return beam.order.peak <= candidate.peak && beam.progress.live() == candidate.live &&
                   same_steps(beam.order, steps);
          })) {
        continue;
      }
      next.push_back({beams[candidate.beam].progress, {std::move(steps), candidate.peak}});
      next.back().progress.run(candidate.step);
    }
    beams = std::move(next);
  }
  return beams.front().order;
}

}  // namespace mini_infer::schedule
