#include "judge/order_bound.h"

#include <algorithm>
#include <bit>
#include <string>

#include "core/try.h"
#include "judge/contents.h"

namespace mini_infer::judge {
namespace {

using core::Status;

std::size_t index(int number) { return static_cast<std::size_t>(number); }

// Sets of steps, one for each step or content.
class StepSets {
 public:
  StepSets(std::size_t sets, std::size_t steps)
      : words_((steps + 63) / 64), bits_(sets * words_, 0) {}

  void add(std::size_t set, int step) {
    bits_[set * words_ + index(step) / 64] |= std::uint64_t{1} << (index(step) % 64);
  }
  bool has(std::size_t set, int step) const {
    return (bits_[set * words_ + index(step) / 64] >> (index(step) % 64) & 1u) != 0;
  }
  void add_all(std::size_t set, const StepSets& from, std::size_t other) {
    for (std::size_t word = 0; word < words_; ++word) {
      bits_[set * words_ + word] |= from.bits_[other * words_ + word];
    }
  }
  void fill(bool all) { std::fill(bits_.begin(), bits_.end(), all ? ~std::uint64_t{0} : 0); }

  // use(step) for each step of both's first sets; also for some beyond the last, after fill(true).
  template <typename Use>
  static void for_each_in_both(const StepSets& a, const StepSets& b, Use use) {
    for (std::size_t word = 0; word < a.words_; ++word) {
      for (std::uint64_t rest = a.bits_[word] & b.bits_[word]; rest != 0; rest &= rest - 1) {
        use(word * 64 + static_cast<std::size_t>(std::countr_zero(rest)));
      }
    }
  }

 private:
  std::size_t words_;
  std::vector<std::uint64_t> bits_;
};

class Judge {
 public:
  explicit Judge(const Contents& contents)
      : contents_(contents),
        count_(contents.steps.size()),
        earlier_(count_, count_),
        later_(count_, count_),
        there_(1, count_),
        wanted_(1, count_),
        needed_(count_, contents.scratch) {}

  OrderBound bound() {
    find_paths();
    for (const Content& content : contents_.all) add(content);
    OrderBound most;
    for (std::size_t step = 0; step < count_; ++step) {
      const std::int64_t bytes =
          needed_[step] + contents_.steps[step].workspace - saved(step, 0, {});
      if (bytes > most.bytes) most = {bytes, static_cast<int>(step)};
    }
    return at_the_ends(most);
  }

 private:
  // All inputs are there before the first step, all outputs after the last.
  OrderBound at_the_ends(OrderBound most) const {
    std::int64_t start = contents_.scratch;
    std::int64_t end = contents_.scratch;
    for (const Content& content : contents_.all) {
      if (content.from_start) start += content.bytes;
      if (content.to_end) end += content.bytes;
    }
    if (start > most.bytes) most = {start, 0};
    if (end > most.bytes) most = {end, std::max(0, static_cast<int>(count_) - 1)};
    return most;
  }

  // The steps that must come before, or after, and the step itself.
  void find_paths() {
    for (std::size_t step = 0; step < count_; ++step) {
      earlier_.add(step, static_cast<int>(step));
      later_.add(step, static_cast<int>(step));
      for (const int before : contents_.steps[step].before) {
        earlier_.add_all(step, earlier_, index(before));
      }
    }
    for (std::size_t step = count_; step-- > 0;) {
      for (const int before : contents_.steps[step].before) {
        later_.add_all(index(before), later_, step);
      }
    }
  }

  // A content that nobody uses is there at its maker's step, which is among its users.
  void add(const Content& content) {
    if (content.bytes == 0) return;
    there_.fill(content.from_start);
    wanted_.fill(content.to_end);
    for (const int maker : content.makers) there_.add_all(0, later_, index(maker));
    for (const int user : content.users) wanted_.add_all(0, earlier_, index(user));
    StepSets::for_each_in_both(there_, wanted_, [&](std::size_t step) {
      if (step < count_) needed_[step] += content.bytes;
    });
  }

  // Whether no step can need it after this one: in some order this one is the last.
  bool may_be_last(std::size_t step, const Content& content) const {
    return std::none_of(content.users.begin(), content.users.end(),
                        [&](int user) { return index(user) != step && later_.has(step, user); });
  }

  // The most bytes that overwrites of a step can save, of those from `next` on: each content is
  // overwritten once, and overwrites one.
  std::int64_t saved(std::size_t step, std::size_t next, std::vector<Overwrite> taken) const {
    const auto& all = contents_.steps[step].overwrites;
    if (next == all.size()) return 0;
    const std::int64_t without = saved(step, next + 1, taken);
    const Overwrite& overwrite = all[next];
    const bool clashes = std::any_of(taken.begin(), taken.end(), [&](const Overwrite& other) {
      return other.made == overwrite.made || other.read == overwrite.read;
    });
    if (clashes || !may_be_last(step, contents_.all[index(overwrite.read)])) return without;
    taken.push_back(overwrite);
    return std::max(without, contents_.all[index(overwrite.made)].bytes +
                                 saved(step, next + 1, std::move(taken)));
  }

  const Contents& contents_;
  std::size_t count_;
  StepSets earlier_, later_;
  StepSets there_, wanted_;           // of one content
  std::vector<std::int64_t> needed_;  // by step
};

Status refuse(const std::string& message) { return {Status::ERROR_INTERNAL, message}; }

}  // namespace

core::Result<std::optional<OrderBound>> order_bound(const Statement& statement) {
  if (statement.steps.size() > std::size_t{kMostJudged}) return std::optional<OrderBound>();
  MI_ASSIGN(const Contents contents, Contents::of(statement));
  return std::optional<OrderBound>(Judge(contents).bound());
}

core::Result<bool> check_order(const Statement& statement) {
  const Claims& claims = statement.claims;
  const bool proven = claims.order_proof != planner::Proof::kNone;
  if (claims.order_bound > claims.lower_bound) {
    return refuse("it claims that every order needs " + std::to_string(claims.order_bound) +
                  " bytes, but its own needs " + std::to_string(claims.lower_bound));
  }
  if (proven && claims.order_bound != claims.lower_bound) {
    return refuse("it claims that no order is better, but not that every one needs the " +
                  std::to_string(claims.lower_bound) + " bytes of its own");
  }
  if (claims.order_proof == planner::Proof::kBySearch) return false;
  MI_ASSIGN(const std::optional<OrderBound> bound, order_bound(statement));
  if (!bound) return false;
  if (claims.order_bound <= bound->bytes) return true;
  // Without a proof the bound may come from a search that was broken off.
  if (!proven) return false;
  return refuse("it claims that every order needs " + std::to_string(claims.order_bound) +
                " bytes, but the graph shows only " + std::to_string(bound->bytes) + ", at step " +
                std::to_string(bound->step));
}

}  // namespace mini_infer::judge
