#pragma once

#include <span>

#include "mini_infer/planner/problem.h"
#include "planner/placement.h"

// Orders in which greedy planners place buffers. Sizes are footprints; ties keep the problem's
// order. All assume a problem that solve() accepts, and cost O(n log n).
namespace mini_infer::planner {

// Largest first. Pisarchyk & Lee, "Efficient Memory Management for Deep Neural Net Inference"
// (arXiv 2001.03288), Algorithm 3, "Greedy by Size for Offset Calculation".
Order by_size(const Problem& problem);

// Largest, then longest-lived, then earliest first. XLA, GlobalDecreasingSizeBestFitHeap, kSpatial.
Order by_size_then_duration(const Problem& problem);

// Longest-lived, then largest, then earliest first. XLA, the same, kTemporal.
Order by_duration(const Problem& problem);

// The buffers of the step with most live bytes, largest first, then those of the next such step.
// Pisarchyk & Lee, "Greedy by Breadth for Offset Calculation".
Order by_breadth(const Problem& problem);

// Largest size x steps first: the memory-time rectangle.
Order by_area(const Problem& problem);

// Most buffers to live with, then largest first. TVM, USMP, greedy by conflicts.
Order by_conflicts(const Problem& problem);

// As an allocator meets them at run time: earliest, then largest first.
Order by_start(const Problem& problem);

struct Heuristic {
  const char* name;
  Order (*order)(const Problem&);
  Fit fit;
};

// The planners above, in the order in which solve() tries them.
std::span<const Heuristic> heuristics();

}  // namespace mini_infer::planner
