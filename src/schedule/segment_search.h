#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <queue>
#include <unordered_map>
#include <vector>

#include "schedule/problem.h"
#include "schedule/progress.h"
#include "schedule/segments.h"

namespace mini_infer::schedule {

// The order of a segment with the least peak: a best-first search for the smallest bottleneck over
// sets of steps that have run (what is live depends on nothing else); among equals the deepest
// first, then the one that leaves least live.
//
// One rule keeps it small: a ready step whose footprint is within the bound reached so far, and
// that does not raise what is live, runs at once. It cannot cost. What is live is a submodular
// function of the steps that have run (each content adds "one of its makers has" less "its makers
// and users all have"), so running the step earlier leaves, at every step before its place in any
// other order, no more live than there was, and no fewer inputs to be read for the last time.
class SegmentSearch {
 public:
  // `progress` is at the segment's start, and is there again after find(). `work` counts down by
  // one for each step looked at and each step run; the search gives up when it is used up.
  SegmentSearch(const Progress& progress, Segment segment, std::int64_t& work);

  // An order whose peak is the least there is, or `enough` if that is more. nullopt: given up.
  std::optional<std::vector<int>> find(std::int64_t enough);

  // No order of the segment has a lower peak, unless that peak is at most `enough`.
  std::int64_t bound() const { return bound_; }

 private:
  // A set of steps that have run: those of the parent's, then `moves`.
  struct State {
    int parent = -1;
    int level = 0;  // states above it
    std::vector<int> moves;
  };
  // A step that could run next.
  struct Move {
    std::int64_t bottleneck = 0;
    int done = 0;           // steps that have run before
    std::int64_t live = 0;  // afterwards
    int step = 0;
    int state = 0;

    // Whether another is to be looked at first.
    bool operator<(const Move& other) const {
      if (bottleneck != other.bottleneck) return bottleneck > other.bottleneck;
      if (done != other.done) return done < other.done;
      if (live != other.live) return live > other.live;
      if (step != other.step) return step > other.step;
      return state > other.state;
    }
  };

  void go_to(int state);
  void run(int step);
  void take_back(int step);
  void run_what_is_free(std::vector<int>& moves);
  bool is_new();
  void add_state(int parent, std::vector<int> moves);
  std::vector<int> order() const;

  Progress progress_;
  Segment segment_;
  std::int64_t& work_;
  std::int64_t bound_ = 0;
  std::vector<State> states_;
  std::vector<int> path_;  // states from the first to where `progress_` is
  std::priority_queue<Move> moves_;
  std::vector<std::uint64_t> done_;  // steps, as bits
  int done_count_ = 0;
  std::vector<std::uint64_t> seen_;  // `done_` of every state, one after the other
  std::unordered_multimap<std::uint64_t, int> by_hash_;  // states
};

}  // namespace mini_infer::schedule
