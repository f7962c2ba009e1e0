#pragma once

#include <cstdint>
#include <vector>

#include "schedule/problem.h"

namespace mini_infer::schedule {

struct OverwriteSet {
  std::uint32_t members = 0;  // indices into Step::overwrites, as bits
  std::int64_t saved = 0;     // bytes
};

// Of a step's overwrites, those that `may` happen and together save most bytes; the first of
// equals. An operator has at most four, so that all sets can be looked at.
template <typename May>
OverwriteSet best_overwrites(const Problem& problem, const Step& step, May may) {
  const std::vector<Overwrite>& all = step.overwrites;
  const auto possible = [&](std::uint32_t set) {
    for (std::size_t i = 0; i < all.size(); ++i) {
      if ((set >> i & 1u) == 0) continue;
      if (!may(all[i])) return false;
      for (std::size_t j = 0; j < i; ++j) {
        const bool clash = all[i].made == all[j].made || all[i].read == all[j].read;
        if (clash && (set >> j & 1u) != 0) return false;
      }
    }
    return true;
  };
  OverwriteSet best;
  for (std::uint32_t set = 1; set < (1u << all.size()); ++set) {
    if (!possible(set)) continue;
    std::int64_t saved = 0;
    for (std::size_t i = 0; i < all.size(); ++i) {
      if ((set >> i & 1u) != 0) saved += problem.contents[all[i].made].bytes;
    }
    // Empty tensors too: they save nothing, but then share an address as all others do.
    if (best.members == 0 || saved > best.saved) best = {set, saved};
  }
  return best;
}

}  // namespace mini_infer::schedule
