#include "schedule/order.h"

#include <algorithm>
#include <numeric>

#include "schedule/order_beam.h"
#include "schedule/order_bound.h"
#include "schedule/segment_search.h"

namespace mini_infer::schedule {
namespace {

// The orders of a segment: as numbered, and what was searched for.
struct SegmentOrders {
  explicit SegmentOrders(Segment which) : segment(which) {}

  Segment segment;
  std::int64_t numbered_peak = 0;
  std::vector<int> found;
  std::int64_t found_peak = 0;
};

std::int64_t run_numbered(Progress& progress, Segment segment) {
  std::int64_t peak = 0;
  for (int step = segment.begin; step < segment.end; ++step) {
    peak = std::max(peak, progress.footprint(step));
    progress.run(step);
  }
  return peak;
}

// All inputs are there before the first step, all that stays after the last.
std::int64_t bytes_at_the_ends(const Problem& problem) {
  std::int64_t start = 0;
  std::int64_t end = 0;
  for (const Content& content : problem.contents) {
    if (content.from_start) start += content.bytes;
    if (content.to_end) end += content.bytes;
  }
  return std::max(start, end);
}

std::int64_t bound_of_any_order(const Problem& problem, const std::vector<Segment>& cut) {
  std::int64_t bound = bytes_at_the_ends(problem);
  for (std::int64_t bytes : order_bounds(problem, cut)) bound = std::max(bound, bytes);
  return bound;
}

class LeastPeak {
 public:
  LeastPeak(const Problem& problem, std::int64_t work) : problem_(problem), work_(work) {}

  Order find() {
    const std::vector<Segment> cut = segments(problem_);
    Progress progress(problem_);
    std::int64_t numbered = bytes_at_the_ends(problem_);
    order_.bound_by_problem = bound_of_any_order(problem_, cut);
    for (const Segment& segment : cut) {
      orders_.emplace_back(segment);
      orders_.back().numbered_peak = run_numbered(progress, segment);
      numbered = std::max(numbered, orders_.back().numbered_peak);
    }
    order_.peak = order_.bound_by_search = order_.bound_by_problem;
    if (numbered > order_.peak) search();
    join();
    return std::move(order_);
  }

 private:
  // order_.peak is what the order needs anyway, for the segments so far and by the bounds.
  void search() {
    Progress progress(problem_);
    for (SegmentOrders& orders : orders_) {
      if (orders.numbered_peak > order_.peak) search(progress, orders);
      run_numbered(progress, orders.segment);
    }
  }

  void search(const Progress& progress, SegmentOrders& orders) {
    SegmentSearch exact(progress, orders.segment, work_);
    const auto found = exact.find(order_.peak);
    if (exact.bound() > order_.peak) order_.bound_by_search = exact.bound();
    if (found) {
      orders.found = *found;
      orders.found_peak = exact.bound();
    } else {
      const BeamOrder beam = beam_order(progress, orders.segment);
      orders.found = beam.steps;
      orders.found_peak = beam.peak;
    }
    order_.peak = std::max(order_.peak, std::min(orders.found_peak, orders.numbered_peak));
  }

  void join() {
    for (const SegmentOrders& orders : orders_) {
      if (orders.numbered_peak <= order_.peak) {
        for (int step = orders.segment.begin; step < orders.segment.end; ++step) {
          order_.steps.push_back(step);
        }
      } else {
        order_.steps.insert(order_.steps.end(), orders.found.begin(), orders.found.end());
      }
    }
  }

  const Problem& problem_;
  std::int64_t work_;
  std::vector<SegmentOrders> orders_;
  Order order_;
};

}  // namespace

Order least_peak_order(const Problem& problem, std::int64_t work) {
  return LeastPeak(problem, work).find();
}

std::int64_t bound_of_any_order(const Problem& problem) {
  return bound_of_any_order(problem, segments(problem));
}

}  // namespace mini_infer::schedule
