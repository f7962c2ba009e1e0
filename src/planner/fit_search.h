#pragma once

#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

#include "planner/fit_state.h"
#include "planner/refuted.h"
#include "planner/sections.h"

namespace mini_infer::planner {

// Which section is looked at next, of those that form valleys: the first one with
enum class Branching {
  kFewestTightest,  // the fewest options, then the least room to waste
  kFewestFullest,   // the fewest options, then most items left
  kLowest,          // the lowest floor
};

struct Guide {
  Branching branching = Branching::kFewestTightest;
  std::vector<double> priority;  // by item: of several for one place, the highest is tried first
};

enum class Answer {
  kFits,
  kDoesNotFit,  // every way to place the items was refuted
  kGaveUp,
};

// Whether items fit below a capacity: depth-first search with refutation. Every packing can be
// pushed down until each item lies on the ground or on another one. So look at a section whose
// floor is a valley, and ask what lies on it there: one of the items that fit into the valley, or
// nothing, in which case the floor rises to where something next can lie. Nothing is ever placed
// below a floor, therefore floors and items left are all there is to a state.
//  - A state is refuted when the items left in a section do not fit above its floor ("section
//    inference" in Moffitt, "MiniMalloc", ASPLOS 2023).
//  - Where no item left connects two parts of the timeline, each part is searched for itself.
//  - Of equal items one is tried; an item as wide as its part lies at the bottom.
//  - Refuted states are remembered, also from one search to the next.
class FitSearch {
 public:
  // Keeps a reference to `sections`. `stop` is asked now and then.
  FitSearch(const Sections& sections, Refuted& refuted, std::function<bool()> stop);

  // Spends at most `nodes`, and counts them down: a state of 256 items left is one, of more, more.
  // Gives up when they are spent, when told to stop, or some thousands of states deep.
  Answer search(std::int64_t capacity, const Guide& guide, std::int64_t& nodes);

  // Of an item, after kFits.
  std::int64_t offset(int index) const { return state_.low(index); }

 private:
  // Items on the stack. Of a part of the timeline: those left, by first section.
  struct Part {
    std::size_t begin = 0;
    std::size_t end = 0;
  };
  using Urgency = std::pair<std::int64_t, std::int64_t>;  // the smallest first

  bool spend(Part part);
  bool complete(Part part);
  bool complete_parts(Part rest);
  bool fill(Part part, int section);
  bool leave_empty(Part part, int section, Part candidates);

  void find_valleys(int begin, int end);
  int choose_section(Part part);
  Urgency urgency(int section, std::int64_t candidates) const;
  Part push_candidates(int section);
  bool is_twin(Part candidates, std::size_t position) const;
  bool spans(Part part, std::int32_t item) const;
  int end_of(Part part) const;
  Fingerprint fingerprint(Part part) const;

  const Sections& sections_;
  FitState state_;
  Refuted& refuted_;
  std::function<bool()> stop_;
  const Guide* guide_ = nullptr;
  std::int64_t* nodes_ = nullptr;
  bool gave_up_ = false;
  int depth_ = 0;                                   // states above the one looked at
  bool all_aligned_;                                // every size is a multiple of every alignment
  std::vector<std::int32_t> stack_;                 // parts and candidates of all open states
  std::vector<std::int32_t> valley_end_, options_;  // by section
};

}  // namespace mini_infer::planner
