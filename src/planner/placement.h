#pragma once

#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

#include "planner/problem.h"

namespace mini_infer::planner {

// Which gap a buffer takes among those left by the placed buffers that live with it.
enum class Fit {
  kLowest,   // first fit: the lowest offset
  kTightest  // best fit: the smallest gap, then the lowest; above all of them when it fits in none
};

// The order in which buffers are placed: each index once.
using Order = std::vector<std::int32_t>;

struct Placement {
  std::vector<std::int64_t> offsets;  // bytes, one per buffer
  std::int64_t height = 0;            // bytes
};

// The placed buffers, asked by lifetime: a segment tree over the buffers sorted by first step whose
// nodes keep the largest last step placed below them. add() is O(log n); a query of k answers is
// O((k + 1) log n), however many buffers the problem has.
class PlacedBuffers {
 public:
  struct Range {
    std::int64_t begin, end;  // bytes
  };

  explicit PlacedBuffers(const std::vector<Buffer>& buffers);

  void clear();
  void add(std::int32_t buffer, Range range);

  // Fills `ranges` with the bytes of every placed buffer that is live at some step of first..last.
  void overlapping(std::int32_t first, std::int32_t last, std::vector<Range>& ranges) const;

 private:
  std::vector<std::int32_t> firsts_;     // sorted
  std::vector<std::int32_t> positions_;  // of each buffer in firsts_
  std::vector<Range> ranges_;            // by position
  std::size_t leaves_ = 1;               // a power of two
  std::vector<std::int32_t> lasts_;      // a heap-ordered tree; -1 where nothing is placed
  std::vector<std::int32_t> buffer_lasts_;
};

// Places buffers one after another. Keeps its index between calls: make one per problem.
class Placer {
 public:
  // Keeps a reference. Assumes a problem that solve() accepts.
  explicit Placer(const Problem& problem);

  static constexpr std::int64_t kNoLimit = std::numeric_limits<std::int64_t>::max();

  // Gives up, false, at the first buffer that would end above `limit`; `placement` is then partial.
  // Buffers of size 0 get offset 0.
  bool place(const Order& order, Fit fit, std::int64_t limit, Placement& placement);

  std::int64_t visits() const { return visits_; }
  std::int32_t failed() const { return failed_; }

 private:
  std::int64_t offset_of(const Buffer& buffer, Fit fit);

  const std::vector<Buffer>& buffers_;
  PlacedBuffers placed_;
  std::vector<PlacedBuffers::Range> live_;
  std::int64_t visits_ = 0;
  std::int32_t failed_ = -1;
};

}  // namespace mini_infer::planner
