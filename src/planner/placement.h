#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "mini_infer/planner/problem.h"

namespace mini_infer::planner {

// Buffer indices in the order in which they are placed, each once.
using Order = std::vector<std::int32_t>;

// Which gap a buffer takes among those that the placed buffers living with it leave free.
enum class Fit {
  kLowest,    // first fit
  kTightest,  // best fit: the smallest gap, then the lowest; above all of them if none is enough
};

struct Placement {
  std::vector<std::int64_t> offsets;  // bytes, one per buffer; 0 for an empty one that is not fixed
  std::int64_t height = 0;            // bytes
};

// Places the buffers of one problem in a given order, as often as asked, around those that are
// fixed. A buffer is compared with
// every placed buffer of its window of the timeline, or with all of them when it lives in several
// windows: a linear scan of narrow arrays, measured faster than an interval tree and a sort.
class Placer {
 public:
  // Keeps a reference to `problem`, one that solve() accepts.
  explicit Placer(const Problem& problem);

  static constexpr std::int64_t kNoLimit = std::numeric_limits<std::int64_t>::max();

  // Fills `placement` until a buffer would end above `limit` bytes. Returns the position in `order`
  // of that buffer, or order.size() when all are placed.
  std::size_t place(const Order& order, Fit fit, std::int64_t limit, Placement& placement);

  // Comparisons made so far: what a search counts to know when to stop.
  std::int64_t comparisons() const { return comparisons_; }

 private:
  // Placed buffers, lowest first; parallel arrays because most entries are only asked their steps.
  struct PlacedList {
    std::vector<std::int32_t> firsts, lasts;  // steps
    std::vector<std::int64_t> begins, ends;   // bytes
    void insert(const Buffer& buffer, std::int64_t begin, std::int64_t end);
    void clear();
  };

  void put(std::int32_t index, std::int64_t begin, Placement& placement);
  std::int64_t find_offset(const Buffer& buffer, Fit fit);
  const PlacedList& neighbours(const Buffer& buffer) const;
  void insert(const Buffer& buffer, std::int64_t begin, std::int64_t end);
  void clear();
  std::size_t window(std::int32_t step) const;

  const std::vector<Buffer>& buffers_;
  std::vector<std::int32_t> fixed_;
  std::vector<std::int32_t> window_starts_;  // steps, of every window but the first
  PlacedList all_;
  std::vector<PlacedList> windows_;  // empty when one window is the whole timeline
  std::int64_t comparisons_ = 0;
};

}  // namespace mini_infer::planner
