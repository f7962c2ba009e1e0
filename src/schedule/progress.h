#pragma once

#include <cstdint>
#include <vector>

#include "schedule/overwrites.h"
#include "schedule/problem.h"

namespace mini_infer::schedule {

// What is held in memory while steps of a problem run one after the other, and can be taken back.
// Which contents are needed depends only on which steps have run, not on their order.
class Progress {
 public:
  explicit Progress(const Problem& problem);

  const std::vector<int>& ready() const { return ready_; }  // ascending
  std::int64_t live() const { return live_; }               // bytes between two steps

  // While this step, which must be ready, would run.
  std::int64_t footprint(int step) const;
  // By how much it would change live().
  std::int64_t rise(int step) const;
  // Those of its overwrites that it would do, as bits: the ones that save most bytes.
  std::uint32_t overwrites(int step) const;

  void run(int step);        // a ready one
  void take_back(int step);  // the one run last

 private:
  OverwriteSet chosen(int step) const;
  std::int64_t opened(int step) const;

  const Problem& problem_;
  std::vector<int> waiting_;    // by step: those before it that have not run
  std::vector<int> makers_;     // by content: steps that have made a part of it
  std::vector<int> remaining_;  // by content: uses to come
  std::vector<int> ready_;
  std::int64_t live_ = 0;
  // Inputs that nobody reads are there while the first step runs.
  std::int64_t unread_ = 0;
  int run_ = 0;  // steps
};

}  // namespace mini_infer::schedule
