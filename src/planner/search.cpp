#include "planner/search.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace mini_infer::planner {
namespace {

// A part may be searched: a state takes room on the stack of the thread, and its items are looked
// at one by one.
constexpr std::size_t kMostItems = 4096;
constexpr std::int64_t kMostCells = 4'000'000;  // items, each in all of its sections

bool small_enough(const Sections& part) {
  std::int64_t cells = 0;
  for (const Item& item : part.items) cells += item.last - item.first + 1;
  return part.items.size() <= kMostItems && cells <= kMostCells;
}

class PartSearch {
 public:
  PartSearch(Sections part, const Placement& placement) : part_(std::move(part)) {
    std::vector<std::int64_t> live(part_.count, 0);
    for (const Item& item : part_.items) {
      offsets_.push_back(placement.offsets[item.buffer]);
      heights_.found = std::max(heights_.found, offsets_.back() + item.size);
      for (int section = item.first; section <= item.last; ++section) live[section] += item.size;
    }
    heights_.least = *std::max_element(live.begin(), live.end());
  }

  const Heights& heights() const { return heights_; }

  void run(std::int64_t enough, Budget& budget) {
    if (heights_.found <= enough || !small_enough(part_)) return;
    minimize(part_, enough, budget, heights_, offsets_);
  }

  void write(Placement& placement) const {
    for (std::size_t i = 0; i < part_.items.size(); ++i) {
      placement.offsets[part_.items[i].buffer] = offsets_[i];
    }
    placement.height = std::max(placement.height, heights_.found);
  }

 private:
  Sections part_;
  std::vector<std::int64_t> offsets_;  // by item
  Heights heights_;
};

}  // namespace

std::int64_t search(const Problem& problem, std::int64_t enough, Budget& budget, Placement& best) {
  std::vector<PartSearch> parts;
  for (Sections& part : independent_parts(cut_into_sections(problem))) {
    parts.emplace_back(std::move(part), best);
  }
  std::stable_sort(parts.begin(), parts.end(), [](const PartSearch& a, const PartSearch& b) {
    return a.heights().found > b.heights().found;
  });
  std::int64_t least = 0;
  for (const PartSearch& part : parts) least = std::max(least, part.heights().least);
  for (PartSearch& part : parts) {
    part.run(std::max(least, enough), budget);
    least = std::max(least, part.heights().least);
  }
  best.height = 0;
  for (const PartSearch& part : parts) part.write(best);
  return least;
}

}  // namespace mini_infer::planner
