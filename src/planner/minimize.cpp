#include "planner/minimize.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "planner/fit_search.h"
#include "planner/guides.h"
#include "planner/refuted.h"

namespace mini_infer::planner {
namespace {

constexpr std::int64_t kUnit = 1000;  // nodes of the shortest search before it starts anew
// Nodes of the first attempt at a capacity; at the lower end it is worth more.
constexpr std::int64_t kFirst = 16 * kUnit;
constexpr std::int64_t kAtTheEnd = 8;
// What a first attempt leaves open: a capacity is looked for to this part of the gap.
constexpr std::int64_t kParts = 32;
constexpr std::size_t kRefuted = std::size_t{1} << 18;  // 4 MiB

// Every height is a multiple of it.
std::int64_t unit_of(const std::vector<Item>& items) {
  std::int64_t sizes = 0;
  std::int64_t alignments = 1;
  for (const Item& item : items) {
    sizes = std::gcd(sizes, item.size);
    alignments = std::max(alignments, item.alignment);
  }
  return std::gcd(sizes, alignments) == alignments ? sizes : std::gcd(sizes, alignments);
}

class Closing {
 public:
  Closing(const Sections& part, std::int64_t enough, Budget& budget, Heights& heights,
          std::vector<std::int64_t>& offsets)
      : part_(part),
        unit_(unit_of(part.items)),
        enough_(enough),
        budget_(budget),
        heights_(heights),
        offsets_(offsets),
        guides_(part, budget.seed),
        refuted_(kRefuted),
        search_(part, refuted_, budget.stop) {}

  void run() {
    for (std::int64_t nodes = kFirst; open(); nodes *= 2) {
      attempt(std::max(heights_.least, enough_), kAtTheEnd * nodes);
      close_in(nodes);
    }
  }

 private:
  bool open() const {
    return heights_.found > heights_.least && heights_.found > enough_ && budget_.nodes > 0 &&
           !budget_.stop();
  }

  void close_in(std::int64_t nodes) {
    std::int64_t too_hard = std::max(heights_.least - unit_, enough_);
    while (open()) {
      too_hard = std::max(too_hard, heights_.least - unit_);
      const std::int64_t gap = heights_.found - too_hard;
      if (gap <= unit_ || gap <= (heights_.found - heights_.least) / kParts) return;
      const std::int64_t capacity = too_hard + std::max(gap / 2 / unit_, std::int64_t{1}) * unit_;
      if (capacity >= heights_.found) return;
      if (attempt(capacity, nodes) == Answer::kGaveUp) too_hard = capacity;
    }
  }

  Answer attempt(std::int64_t capacity, std::int64_t nodes) {
    nodes = std::min(nodes, budget_.nodes);
    budget_.nodes -= nodes;
    Answer answer = Answer::kGaveUp;
    while (answer == Answer::kGaveUp && nodes > 0 && !budget_.stop()) {
      const auto [guide, length] = guides_.next();
      std::int64_t now = std::min(nodes, length * kUnit);
      nodes -= now;
      answer = search_.search(capacity, guide, now);
      nodes += now;
    }
    budget_.nodes += nodes;
    if (answer == Answer::kFits) take_offsets();
    if (answer == Answer::kDoesNotFit) heights_.least = (capacity / unit_ + 1) * unit_;
    return answer;
  }

  void take_offsets() {
    heights_.found = 0;
    for (std::size_t i = 0; i < part_.items.size(); ++i) {
      offsets_[i] = search_.offset(static_cast<int>(i));
      heights_.found = std::max(heights_.found, offsets_[i] + part_.items[i].size);
    }
  }

  const Sections& part_;
  std::int64_t unit_;
  std::int64_t enough_;
  Budget& budget_;
  Heights& heights_;
  std::vector<std::int64_t>& offsets_;
  Guides guides_;
  Refuted refuted_;
  FitSearch search_;
};

}  // namespace

void minimize(const Sections& part, std::int64_t enough, Budget& budget, Heights& heights,
              std::vector<std::int64_t>& offsets) {
  Closing(part, enough, budget, heights, offsets).run();
}

}  // namespace mini_infer::planner
