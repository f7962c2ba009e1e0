#include "planner/fit_search.h"

#include <algorithm>
#include <limits>
#include <tuple>
#include <utility>

namespace mini_infer::planner {
namespace {

constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();

bool all_aligned(const std::vector<Item>& items) {
  std::int64_t widest = 1;
  for (const Item& item : items) widest = std::max(widest, item.alignment);
  return std::all_of(items.begin(), items.end(),
                     [&](const Item& item) { return item.size % widest == 0; });
}

bool overlap(const Item& a, const Item& b) { return a.first <= b.last && b.first <= a.last; }
// Every level takes some 0.5 KiB of the thread's stack.
constexpr int kDeepest = 4096;

bool covers(const Item& item, int section) { return item.first <= section && section <= item.last; }

}  // namespace

FitSearch::FitSearch(const Sections& sections, Refuted& refuted, std::function<bool()> stop)
    : sections_(sections),
      state_(sections),
      refuted_(refuted),
      stop_(std::move(stop)),
      all_aligned_(all_aligned(sections.items)),
      valley_end_(sections.count + 1, -1),
      options_(sections.count + 1, 0) {}

Answer FitSearch::search(std::int64_t capacity, const Guide& guide, std::int64_t& nodes) {
  guide_ = &guide;
  nodes_ = &nodes;
  gave_up_ = false;
  depth_ = 0;
  stack_.clear();
  for (std::size_t i = 0; i < sections_.items.size(); ++i) {
    stack_.push_back(static_cast<std::int32_t>(i));
  }
  if (!state_.start(capacity)) return Answer::kDoesNotFit;
  if (complete_parts({0, stack_.size()})) return Answer::kFits;
  return gave_up_ ? Answer::kGaveUp : Answer::kDoesNotFit;
}

bool FitSearch::spend(Part part) {
  constexpr std::int64_t kBetweenStops = 256;
  const std::int64_t before = *nodes_;
  *nodes_ -= 1 + static_cast<std::int64_t>(part.end - part.begin) / 256;
  const bool ask = before / kBetweenStops != *nodes_ / kBetweenStops;
  if (*nodes_ < 0 || depth_ == kDeepest || (ask && stop_())) gave_up_ = true;
  return !gave_up_;
}

// The rest falls into parts. If one of them cannot be completed, nothing in the others helps.
bool FitSearch::complete_parts(Part rest) {
  const std::size_t bottom = stack_.size();
  bool complete_so_far = true;
  Part part{bottom, bottom};
  int end = 0;  // one past the last section of the part so far
  std::size_t next = rest.begin;
  while (complete_so_far && next < rest.end) {
    for (; next < rest.end; ++next) {
      const std::int32_t index = stack_[next];
      if (state_.placed(index)) continue;
      const Item& item = state_.item(index);
      if (item.first >= end && part.end > part.begin) break;
      end = std::max(end, item.last + 1);
      stack_.push_back(index);
      ++part.end;
    }
    // One alone lies on its floor.
    if (part.end - part.begin > 1) complete_so_far = complete(part);
    stack_.resize(bottom);
    part.end = bottom;
    end = 0;
  }
  return complete_so_far;
}

bool FitSearch::complete(Part part) {
  if (!spend(part)) return false;
  const Fingerprint state = fingerprint(part);
  if (refuted_.contains(state)) return false;
  ++depth_;
  const bool done = fill(part, choose_section(part));
  --depth_;
  if (!done && !gave_up_) refuted_.add(state);
  return done;
}

bool FitSearch::fill(Part part, int section) {
  const Part candidates = push_candidates(section);
  const std::size_t mark = state_.mark();
  bool done = false;
  bool more = true;
  for (std::size_t i = candidates.begin; more && i < candidates.end; ++i) {
    if (is_twin(candidates, i)) continue;
    done = state_.place(stack_[i]) && complete_parts(part);
    if (!done) state_.undo(mark);
    more = !done && !gave_up_ && !(all_aligned_ && spans(part, stack_[i]));
  }
  if (more && state_.slack(section) > 0) {
    done = leave_empty(part, section, candidates) && complete_parts(part);
    if (!done) state_.undo(mark);
  }
  stack_.resize(candidates.begin);
  return done;
}

// What then lies lowest above this section lies on an item beside it, or cannot lie lower already;
// and every candidate lies on an item beside it or on another one above this section.
bool FitSearch::leave_empty(Part part, int section, Part candidates) {
  std::int64_t lowest = kNever;
  std::vector<std::int64_t> beside;  // by candidate
  for (std::size_t i = candidates.begin; i < candidates.end; ++i) {
    const Item& candidate = state_.item(stack_[i]);
    std::int64_t least = kNever;
    for (std::size_t j = part.begin; j < part.end; ++j) {
      const Item& other = state_.item(stack_[j]);
      if (covers(other, section) || !overlap(other, candidate)) continue;
      least = std::min(least, state_.low(stack_[j]) + other.size);
    }
    beside.push_back(least);
    lowest = std::min(lowest, least);
  }
  std::int64_t smallest = kNever;
  std::int64_t second = kNever;
  for (std::int32_t index : state_.open(section)) {
    const std::int64_t size = state_.item(index).size;
    second = std::min(second, std::max(smallest, size));
    smallest = std::min(smallest, size);
    const std::int64_t low = state_.low(index);
    if (low > state_.floor(section)) lowest = std::min(lowest, low);
  }
  if (lowest > state_.capacity()) return false;
  for (std::size_t i = candidates.begin; i < candidates.end; ++i) {
    const std::int64_t size = state_.item(stack_[i]).size;
    const std::int64_t other = size == smallest ? second : smallest;
    const std::int64_t above = other > state_.capacity() - lowest ? kNever : lowest + other;
    const std::int64_t low = std::max(lowest, std::min(beside[i - candidates.begin], above));
    if (low > state_.capacity() || !state_.raise(stack_[i], low)) return false;
  }
  return true;
}

// Valleys are runs of sections of one floor between higher ones.
void FitSearch::find_valleys(int begin, int end) {
  std::fill(valley_end_.begin() + begin, valley_end_.begin() + end, -1);
  std::fill(options_.begin() + begin, options_.begin() + end + 1, 0);
  for (int from = begin; from < end;) {
    const std::int64_t floor = state_.floor(from);
    int to = from + 1;
    while (to < end && state_.floor(to) == floor) ++to;
    const bool is_valley = (from == begin || state_.floor(from - 1) > floor) &&
                           (to == end || state_.floor(to) > floor);
    if (is_valley) std::fill(valley_end_.begin() + from, valley_end_.begin() + to, to);
    from = to;
  }
}

int FitSearch::choose_section(Part part) {
  const int begin = state_.item(stack_[part.begin]).first;
  const int end = end_of(part);
  find_valleys(begin, end);
  for (std::size_t i = part.begin; i < part.end; ++i) {
    const Item& item = state_.item(stack_[i]);
    if (item.last >= valley_end_[item.first]) continue;
    if (state_.low(stack_[i]) != state_.floor(item.first)) continue;
    ++options_[item.first];
    --options_[item.last + 1];
  }
  int best = -1;
  Urgency most;
  std::int64_t candidates = 0;
  for (int section = begin; section < end; ++section) {
    candidates += options_[section];
    if (valley_end_[section] < 0) continue;
    const Urgency of_this = urgency(section, candidates);
    if (best >= 0 && most <= of_this) continue;
    best = section;
    most = of_this;
  }
  return best;
}

FitSearch::Urgency FitSearch::urgency(int section, std::int64_t candidates) const {
  const std::int64_t slack = state_.slack(section);
  const std::int64_t options = candidates + (slack > 0 ? 1 : 0);
  switch (guide_->branching) {
    case Branching::kFewestTightest:
      return {options, slack};
    case Branching::kFewestFullest:
      return {options, -static_cast<std::int64_t>(state_.open(section).size())};
    case Branching::kLowest:
      return {state_.floor(section), 0};
  }
  return {};
}

// Those that may lie on the floor of the section, which is in a valley: then they are wholly in it.
FitSearch::Part FitSearch::push_candidates(int section) {
  const std::size_t begin = stack_.size();
  for (std::int32_t index : state_.open(section)) {
    if (state_.low(index) == state_.floor(section)) stack_.push_back(index);
  }
  std::sort(stack_.begin() + static_cast<std::ptrdiff_t>(begin), stack_.end(),
            [&](std::int32_t a, std::int32_t b) {
              const double of_a = guide_->priority[a];
              const double of_b = guide_->priority[b];
              return of_a != of_b ? of_a > of_b : a < b;
            });
  return {begin, stack_.size()};
}

bool FitSearch::is_twin(Part candidates, std::size_t position) const {
  const auto key = [&](std::size_t at) {
    const Item& item = state_.item(stack_[at]);
    return std::tie(item.size, item.first, item.last, item.alignment);
  };
  for (std::size_t i = candidates.begin; i < position; ++i) {
    if (key(i) == key(position)) return true;
  }
  return false;
}

bool FitSearch::spans(Part part, std::int32_t item) const {
  return state_.item(item).first == state_.item(stack_[part.begin]).first &&
         state_.item(item).last + 1 == end_of(part);
}

int FitSearch::end_of(Part part) const {
  int last = 0;
  for (std::size_t i = part.begin; i < part.end; ++i) {
    last = std::max(last, state_.item(stack_[i]).last);
  }
  return last + 1;
}

Fingerprint FitSearch::fingerprint(Part part) const {
  Fingerprint result(state_.capacity());
  for (std::size_t i = part.begin; i < part.end; ++i) {
    result.add(stack_[i], state_.low(stack_[i]));
  }
  return result;
}

}  // namespace mini_infer::planner
