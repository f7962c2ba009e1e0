#include "schedule/progress.h"

#include <algorithm>

namespace mini_infer::schedule {
namespace {

void insert(std::vector<int>& sorted, int value) {
  sorted.insert(std::lower_bound(sorted.begin(), sorted.end(), value), value);
}

void erase(std::vector<int>& sorted, int value) {
  sorted.erase(std::lower_bound(sorted.begin(), sorted.end(), value));
}

}  // namespace

Progress::Progress(const Problem& problem)
    : problem_(problem), makers_(problem.contents.size(), 0) {
  for (const Content& content : problem.contents) {
    remaining_.push_back(content.uses);
    if (!content.from_start) continue;
    const bool unread = content.uses == 0 && !content.to_end;
    (unread ? unread_ : live_) += content.bytes;
  }
  for (std::size_t step = 0; step < problem.steps.size(); ++step) {
    waiting_.push_back(static_cast<int>(problem.steps[step].before.size()));
    if (waiting_.back() == 0) ready_.push_back(static_cast<int>(step));
  }
}

std::int64_t Progress::opened(int step) const {
  std::int64_t bytes = 0;
  for (int content : problem_.steps[step].makes) {
    if (makers_[content] == 0) bytes += problem_.contents[content].bytes;
  }
  return bytes;
}

OverwriteSet Progress::chosen(int step) const {
  return best_overwrites(problem_, problem_.steps[step], [this](const Overwrite& overwrite) {
    return remaining_[overwrite.read] == 1 && !problem_.contents[overwrite.read].to_end;
  });
}

std::uint32_t Progress::overwrites(int step) const { return chosen(step).members; }

std::int64_t Progress::footprint(int step) const {
  return live_ + opened(step) - chosen(step).saved + problem_.steps[step].workspace +
         (run_ == 0 ? unread_ : 0);
}

std::int64_t Progress::rise(int step) const {
  std::int64_t bytes = opened(step);
  for (int content : problem_.steps[step].uses) {
    const bool done = remaining_[content] == 1 && !problem_.contents[content].to_end;
    if (done) bytes -= problem_.contents[content].bytes;
  }
  return bytes;
}

void Progress::run(int step) {
  const Step& what = problem_.steps[step];
  live_ += rise(step);
  for (int content : what.makes) ++makers_[content];
  for (int content : what.uses) --remaining_[content];
  erase(ready_, step);
  for (int next : what.after) {
    if (--waiting_[next] == 0) insert(ready_, next);
  }
  ++run_;
}

void Progress::take_back(int step) {
  const Step& what = problem_.steps[step];
  for (int next : what.after) {
    if (waiting_[next]++ == 0) erase(ready_, next);
  }
  insert(ready_, step);
  for (int content : what.makes) --makers_[content];
  for (int content : what.uses) ++remaining_[content];
  live_ -= rise(step);
  --run_;
}

}  // namespace mini_infer::schedule
