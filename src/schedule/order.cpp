#include "schedule/order.h"

#include <algorithm>
#include <numeric>

#include "schedule/order_bound.h"
#include "schedule/segment_search.h"

namespace mini_infer::schedule {
namespace {

// Of all work, what one attempt may take: the first is one over kFirstShare, the others 1 / kShare.
constexpr std::int64_t kFirstShare = 2;
constexpr std::int64_t kShare = 8;

// The orders of a segment: as numbered, and what was searched for.
struct SegmentOrders {
  explicit SegmentOrders(Segment which) : segment(which) {}

  Segment segment;
  std::int64_t numbered_peak = 0;
  std::vector<int> found;
  std::int64_t found_peak = 0;
};

std::vector<int> numbered(Segment segment) {
  std::vector<int> steps(segment.end - segment.begin);
  std::iota(steps.begin(), steps.end(), segment.begin);
  return steps;
}

// The largest footprint of these steps, which are run.
std::int64_t run(Progress& progress, const std::vector<int>& steps) {
  std::int64_t peak = 0;
  for (int step : steps) {
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
  LeastPeak(const Problem& problem, std::int64_t work)
      : problem_(problem), all_work_(work), work_(work) {}

  Order find() {
    const std::vector<Segment> cut = segments(problem_);
    Progress progress(problem_);
    std::int64_t numbered_peak = bytes_at_the_ends(problem_);
    order_.bound_by_problem = bound_of_any_order(problem_, cut);
    for (const Segment& segment : cut) {
      orders_.emplace_back(segment);
      orders_.back().numbered_peak = run(progress, numbered(segment));
      numbered_peak = std::max(numbered_peak, orders_.back().numbered_peak);
    }
    order_.peak = order_.bound_by_search = order_.bound_by_problem;
    if (numbered_peak > order_.peak) search();
    join();
    return std::move(order_);
  }

 private:
  // order_.peak is what the order needs anyway, for the segments so far and by the bounds.
  void search() {
    Progress progress(problem_);
    for (SegmentOrders& orders : orders_) {
      if (orders.numbered_peak > order_.peak) search(progress, orders);
      run(progress, numbered(orders.segment));
    }
  }

  // From below; where that is too much work, by halving what is left between.
  void search(const Progress& progress, SegmentOrders& orders) {
    std::int64_t low = order_.peak;  // nothing lower is possible, or of use
    std::int64_t too_hard = low - 1;
    std::int64_t wanted = low;
    orders.found_peak = orders.numbered_peak;
    for (std::int64_t share = kFirstShare;
         work_ > 0 && low < orders.found_peak && wanted > too_hard; share = kShare) {
      low = std::max(low, attempt(progress, orders, wanted, share));
      if (orders.found_peak > wanted) too_hard = wanted;
      wanted = std::max(low, too_hard + (orders.found_peak - too_hard) / 2);
    }
    if (low > order_.peak) order_.bound_by_search = low;
    order_.peak = std::max(order_.peak, orders.found_peak);
  }

  // Looks for an order with that peak. Returns a peak that no order of the segment is below.
  std::int64_t attempt(const Progress& progress, SegmentOrders& orders, std::int64_t wanted,
                       std::int64_t share) {
    std::int64_t work = std::min(work_, all_work_ / share);
    work_ -= work;
    SegmentSearch search(progress, orders.segment, work);
    if (auto found = search.find(wanted)) {
      Progress from_here = progress;
      orders.found_peak = run(from_here, *found);
      orders.found = std::move(*found);
    }
    work_ += work;
    return search.bound() > wanted ? search.bound() : 0;
  }

  void join() {
    for (const SegmentOrders& orders : orders_) {
      const bool stays = orders.numbered_peak <= order_.peak;
      const std::vector<int> steps = stays ? numbered(orders.segment) : orders.found;
      order_.steps.insert(order_.steps.end(), steps.begin(), steps.end());
    }
  }

  const Problem& problem_;
  std::int64_t all_work_;
  std::int64_t work_;  // left
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
