#include "schedule/segment_search.h"

#include <algorithm>

#include "core/mix.h"

namespace mini_infer::schedule {
namespace {

std::uint64_t hash(const std::vector<std::uint64_t>& words) {
  std::uint64_t h = 0;
  for (std::uint64_t word : words) h = core::mix(h + word + 0x9e3779b97f4a7c15ULL);
  return h;
}

}  // namespace

SegmentSearch::SegmentSearch(const Progress& progress, Segment segment, std::int64_t& work)
    : progress_(progress),
      segment_(segment),
      work_(work),
      done_((segment.end - segment.begin + 63) / 64, 0) {}

std::optional<std::vector<int>> SegmentSearch::find(std::int64_t enough) {
  bound_ = enough;
  std::vector<int> moves;
  run_what_is_free(moves);
  is_new();
  add_state(-1, std::move(moves));
  while (done_count_ < segment_.end - segment_.begin) {
    if (moves_.empty() || work_ <= 0) return std::nullopt;
    const Move move = moves_.top();
    moves_.pop();
    go_to(move.state);
    bound_ = move.bottleneck;
    run(move.step);
    moves = {move.step};
    run_what_is_free(moves);
    if (is_new()) {
      add_state(move.state, std::move(moves));
    } else {
      for (auto step = moves.rbegin(); step != moves.rend(); ++step) take_back(*step);
    }
  }
  return order();
}

// Up to the last state that both have in common, and down again.
void SegmentSearch::go_to(int state) {
  std::vector<int> down;
  for (; path_.size() <= static_cast<std::size_t>(states_[state].level) ||
         path_[states_[state].level] != state;
       state = states_[state].parent) {
    down.push_back(state);
  }
  while (path_.back() != state) {
    const std::vector<int>& moves = states_[path_.back()].moves;
    for (auto step = moves.rbegin(); step != moves.rend(); ++step) take_back(*step);
    path_.pop_back();
  }
  for (auto next = down.rbegin(); next != down.rend(); ++next) {
    for (int step : states_[*next].moves) run(step);
    path_.push_back(*next);
  }
}

void SegmentSearch::run(int step) {
  --work_;
  progress_.run(step);
  const int bit = step - segment_.begin;
  done_[bit / 64] |= std::uint64_t{1} << (bit % 64);
  ++done_count_;
}

void SegmentSearch::take_back(int step) {
  --work_;
  progress_.take_back(step);
  const int bit = step - segment_.begin;
  done_[bit / 64] &= ~(std::uint64_t{1} << (bit % 64));
  --done_count_;
}

void SegmentSearch::run_what_is_free(std::vector<int>& moves) {
  const auto free = [this](int step) {
    --work_;
    return step < segment_.end && progress_.rise(step) <= 0 && progress_.footprint(step) <= bound_;
  };
  while (true) {
    const auto& ready = progress_.ready();
    const auto step = std::find_if(ready.begin(), ready.end(), free);
    if (step == ready.end()) return;
    moves.push_back(*step);
    run(moves.back());
  }
}

// Whether no state has these steps done; enters them as those of the next one.
bool SegmentSearch::is_new() {
  const std::uint64_t h = hash(done_);
  const auto [begin, end] = by_hash_.equal_range(h);
  for (auto state = begin; state != end; ++state) {
    const auto seen = seen_.begin() + static_cast<std::ptrdiff_t>(state->second * done_.size());
    if (std::equal(done_.begin(), done_.end(), seen)) return false;
  }
  by_hash_.emplace(h, static_cast<int>(states_.size()));
  seen_.insert(seen_.end(), done_.begin(), done_.end());
  return true;
}

void SegmentSearch::add_state(int parent, std::vector<int> moves) {
  const int state = static_cast<int>(states_.size());
  states_.push_back({parent, parent < 0 ? 0 : states_[parent].level + 1, std::move(moves)});
  path_.push_back(state);
  work_ -= static_cast<std::int64_t>(done_.size());
  for (int step : progress_.ready()) {
    if (step >= segment_.end) break;
    --work_;
    moves_.push({.bottleneck = std::max(bound_, progress_.footprint(step)),
                 .done = done_count_,
                 .live = progress_.live() + progress_.rise(step),
                 .step = step,
                 .state = state});
  }
}

std::vector<int> SegmentSearch::order() const {
  std::vector<int> result;
  for (int state : path_) {
    result.insert(result.end(), states_[state].moves.begin(), states_[state].moves.end());
  }
  return result;
}

}  // namespace mini_infer::schedule
