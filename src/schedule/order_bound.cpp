#include "schedule/order_bound.h"

#include <algorithm>
#include <bit>
#include <map>

#include "schedule/overwrites.h"

namespace mini_infer::schedule {
namespace {

// Two tables of kLongest squared bits: 64 MiB.
constexpr int kLongest = 16384;

using Words = std::vector<std::uint64_t>;

void set_bit(Words& words, int bit) { words[bit / 64] |= std::uint64_t{1} << (bit % 64); }
bool has_bit(const Words& words, int bit) { return (words[bit / 64] >> (bit % 64) & 1u) != 0; }
void unite(Words& words, const Words& with) {
  for (std::size_t i = 0; i < words.size(); ++i) words[i] |= with[i];
}

template <typename Function>
void for_each_bit(const Words& words, Function function) {
  for (std::size_t i = 0; i < words.size(); ++i) {
    for (std::uint64_t rest = words[i]; rest != 0; rest &= rest - 1) {
      function(static_cast<int>(64 * i) + std::countr_zero(rest));
    }
  }
}

// Over all orders: where a content is first made and last used, in the numbered order. Where these
// lie in other segments, they do in every order.
struct Extent {
  int first = -1;
  int last = -1;
};

std::vector<Extent> extents(const Problem& problem) {
  const int count = static_cast<int>(problem.steps.size());
  std::vector<Extent> result(problem.contents.size(), Extent{count, -1});
  for (int step = 0; step < count; ++step) {
    for (int content : problem.steps[step].makes) {
      result[content].first = std::min(result[content].first, step);
    }
    for (int content : problem.steps[step].uses) result[content].last = step;
  }
  for (std::size_t i = 0; i < result.size(); ++i) {
    if (problem.contents[i].from_start) result[i].first = -1;
    if (problem.contents[i].to_end) result[i].last = count;
  }
  return result;
}

// One segment; steps count from its begin.
class SegmentBound {
 public:
  SegmentBound(const Problem& problem, const std::vector<Extent>& extents, Segment segment)
      : problem_(problem), extents_(extents), segment_(segment) {}

  // `across`: bytes of what is there before the segment and needed after it.
  std::int64_t bytes(std::int64_t across) {
    find_paths();
    find_uses();
    needed_.assign(length(), across);
    for (const auto& [content, uses] : uses_) add_needed(content, uses);
    std::int64_t most = 0;
    for (int step = 0; step < length(); ++step) {
      most = std::max(most, needed_[step] + what(step).workspace - saved(step));
    }
    return most;
  }

 private:
  struct Uses {
    std::vector<int> makers;
    std::vector<int> all;
  };

  int length() const { return segment_.end - segment_.begin; }
  const Step& what(int step) const { return problem_.steps[segment_.begin + step]; }
  bool paths() const { return length() <= kLongest; }

  // A step is among those before and after itself.
  void find_paths() {
    const std::size_t words = paths() ? (length() + 63) / 64 : 0;
    before_.assign(paths() ? length() : 0, Words(words));
    after_ = before_;
    for (int step = 0; step < static_cast<int>(before_.size()); ++step) {
      set_bit(before_[step], step);
      for (int earlier : what(step).before) {
        if (earlier >= segment_.begin) unite(before_[step], before_[earlier - segment_.begin]);
      }
    }
    for (int step = static_cast<int>(after_.size()) - 1; step >= 0; --step) {
      set_bit(after_[step], step);
      for (int later : what(step).after) {
        if (later < segment_.end) unite(after_[step], after_[later - segment_.begin]);
      }
    }
  }

  void find_uses() {
    for (int step = 0; step < length(); ++step) {
      for (int content : what(step).makes) uses_[content].makers.push_back(step);
      for (int content : what(step).uses) uses_[content].all.push_back(step);
    }
  }

  bool from_before(int content) const { return extents_[content].first < segment_.begin; }
  bool to_after(int content) const { return extents_[content].last >= segment_.end; }

  void add_needed(int content, const Uses& uses) {
    const std::int64_t bytes = problem_.contents[content].bytes;
    if (from_before(content) && to_after(content)) return;  // across
    if (!paths()) {
      for (int step : uses.all) needed_[step] += bytes;
      return;
    }
    Words made(before_.front().size(), from_before(content) ? ~std::uint64_t{0} : 0);
    for (int maker : uses.makers) unite(made, after_[maker]);
    Words used(before_.front().size(), to_after(content) ? ~std::uint64_t{0} : 0);
    for (int user : uses.all) unite(used, before_[user]);
    for (std::size_t i = 0; i < made.size(); ++i) made[i] &= used[i];
    for_each_bit(made, [&](int step) {
      if (step < length()) needed_[step] += bytes;
    });
  }

  // By what this step may overwrite at best: contents that no later step must read.
  std::int64_t saved(int step) const {
    return best_overwrites(problem_, what(step),
                           [&](const Overwrite& overwrite) {
                             if (to_after(overwrite.read)) return false;
                             if (!paths()) return true;
                             const auto& all = uses_.at(overwrite.read).all;
                             return std::none_of(all.begin(), all.end(), [&](int user) {
                               return user != step && has_bit(after_[step], user);
                             });
                           })
        .saved;
  }

  const Problem& problem_;
  const std::vector<Extent>& extents_;
  Segment segment_;
  std::vector<Words> before_;
  std::vector<Words> after_;
  std::map<int, Uses> uses_;  // by content
  std::vector<std::int64_t> needed_;
};

}  // namespace

std::vector<std::int64_t> order_bounds(const Problem& problem, const std::vector<Segment>& cut) {
  const std::vector<Extent> all = extents(problem);
  // What is across a segment, as differences.
  std::vector<int> segment_of(problem.steps.size());
  for (std::size_t i = 0; i < cut.size(); ++i) {
    std::fill(segment_of.begin() + cut[i].begin, segment_of.begin() + cut[i].end,
              static_cast<int>(i));
  }
  std::vector<std::int64_t> across(cut.size() + 1, 0);
  for (std::size_t content = 0; content < all.size(); ++content) {
    const auto [first, last] = all[content];
    if (first >= static_cast<int>(problem.steps.size())) continue;  // nobody makes it
    const int from = first < 0 ? 0 : segment_of[first] + 1;
    const int to = last >= static_cast<int>(problem.steps.size()) ? static_cast<int>(cut.size())
                   : last < 0                                     ? 0
                                                                  : segment_of[last];
    if (from >= to) continue;
    across[from] += problem.contents[content].bytes;
    across[to] -= problem.contents[content].bytes;
  }
  std::vector<std::int64_t> bounds;
  std::int64_t bytes = 0;
  for (std::size_t i = 0; i < cut.size(); ++i) {
    bytes += across[i];
    bounds.push_back(SegmentBound(problem, all, cut[i]).bytes(bytes));
  }
  return bounds;
}

}  // namespace mini_infer::schedule
