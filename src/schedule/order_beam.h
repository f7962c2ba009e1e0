#pragma once

#include <cstdint>
#include <vector>

#include "schedule/progress.h"
#include "schedule/segments.h"

namespace mini_infer::schedule {

struct BeamOrder {
  std::vector<int> steps;
  std::int64_t peak = 0;  // bytes
};

// A low order of a segment, for where the exact search gives up: of all ways to go one step on from
// the best few sets of steps, the best few again (Lowerre 1976, beam search). `progress` is at the
// segment's start. The wider, the shorter the segment.
BeamOrder beam_order(const Progress& progress, Segment segment);

}  // namespace mini_infer::schedule
