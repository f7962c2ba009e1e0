#include "planner/guides.h"

#include <algorithm>
#include <cmath>

namespace mini_infer::planner {
namespace {

struct Rule {
  Branching branching;
  int priority;  // index into Guides::priorities_
};
constexpr int kSize = 0, kWide = 1, kCrowded = 2;
constexpr Rule kRules[] = {{Branching::kFewestTightest, kSize},
                           {Branching::kLowest, kWide},
                           {Branching::kFewestFullest, kCrowded},
                           {Branching::kFewestTightest, kWide}};
constexpr std::size_t kRuleCount = std::size(kRules);
constexpr double kNoise = 0.9;

// By item: bytes live in the fullest of its sections.
std::vector<std::int64_t> crowds(const Sections& sections) {
  std::vector<std::int64_t> live(sections.count, 0);
  for (const Item& item : sections.items) {
    for (int section = item.first; section <= item.last; ++section) live[section] += item.size;
  }
  std::vector<std::int64_t> result;
  for (const Item& item : sections.items) {
    result.push_back(*std::max_element(live.begin() + item.first, live.begin() + item.last + 1));
  }
  return result;
}

}  // namespace

Guides::Guides(const Sections& sections, std::uint32_t seed) : priorities_(3), random_(seed) {
  const std::vector<std::int64_t> crowd = crowds(sections);
  for (std::size_t i = 0; i < sections.items.size(); ++i) {
    const Item& item = sections.items[i];
    const double size = static_cast<double>(item.size);
    const double width = item.last - item.first + 1;
    priorities_[kCrowded].push_back(static_cast<double>(crowd[i]));
    priorities_[kWide].push_back(width * std::sqrt(size));
    priorities_[kSize].push_back(size);
  }
}

Guides::Next Guides::next() {
  const Rule& rule = kRules[made_ % kRuleCount];
  Next next{{rule.branching, priorities_[rule.priority]}, length_};
  if (made_ >= kRuleCount) {
    for (double& priority : next.guide.priority) {
      const double random = static_cast<double>(random_() >> 11) * 0x1p-52 - 1;  // in [-1, 1)
      priority *= 1 + kNoise * random;
    }
  }
  if (++made_ % kRuleCount == 0) {
    if ((luby_ & (~luby_ + 1)) == length_) {
      ++luby_;
      length_ = 1;
    } else {
      length_ *= 2;
    }
  }
  return next;
}

}  // namespace mini_infer::planner
