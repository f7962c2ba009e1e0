#include "planner/fit_search.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "mini_infer/planner/solve.h"
#include "planner/exhaustive.h"
#include "planner/guides.h"
#include "planner/problems.h"

namespace mini_infer::planner {
namespace {

constexpr std::int64_t kPlenty = 1'000'000'000;

bool never() { return false; }

// Offsets that fit, or the answer that there are none.
struct Searched {
  explicit Searched(const Problem& problem)
      : sections(cut_into_sections(problem)), search(sections, refuted, never), guides(sections) {}

  Answer at(std::int64_t capacity, std::int64_t nodes = kPlenty) {
    guide = guides.next().guide;
    return search.search(capacity, guide, nodes);
  }

  Sections sections;
  Refuted refuted{1 << 12};
  FitSearch search;
  Guides guides;
  Guide guide;
};

void expect_packed(Searched& searched, std::int64_t capacity) {
  const std::vector<Item>& items = searched.sections.items;
  for (int i = 0; i < static_cast<int>(items.size()); ++i) {
    ASSERT_GE(searched.search.offset(i), 0);
    ASSERT_LE(searched.search.offset(i) + items[i].size, capacity);
    ASSERT_EQ(searched.search.offset(i) % items[i].alignment, 0);
    for (int j = 0; j < i; ++j) {
      const bool together = items[i].first <= items[j].last && items[j].first <= items[i].last;
      const bool apart = searched.search.offset(i) + items[i].size <= searched.search.offset(j) ||
                         searched.search.offset(j) + items[j].size <= searched.search.offset(i);
      ASSERT_TRUE(apart || !together);
    }
  }
}

// With every rule, and with what was refuted for lower capacities remembered.
TEST(FitSearch, FitsAtTheOptimumAndNowhereBelow) {
  Random random(31);
  for (int round = 0; round < 1000; ++round) {
    SCOPED_TRACE(round);
    const Problem problem = make_small(random);
    const std::int64_t optimum = exhaustive_optimum(problem);
    Searched searched(problem);
    for (int rule = 0; rule < 5; ++rule) {
      for (std::int64_t capacity = std::max<std::int64_t>(optimum - 4, 0); capacity < optimum;
           ++capacity) {
        ASSERT_EQ(searched.at(capacity), Answer::kDoesNotFit);
      }
      ASSERT_EQ(searched.at(optimum), Answer::kFits);
      expect_packed(searched, optimum);
    }
  }
}

TEST(FitSearch, GivesUpWhenItsNodesAreSpentAndFindsTheSameAfterwards) {
  Random random(32);
  const Problem problem = make(
      {.buffers = 150, .steps = 60, .longest = 20, .largest = 1000, .alignments = {1}}, random);
  Searched searched(problem);
  EXPECT_EQ(searched.at(1'000'000, 3), Answer::kGaveUp);
  EXPECT_EQ(searched.at(1'000'000), Answer::kFits);
  expect_packed(searched, 1'000'000);
}

// What cannot be placed lies beside two small items that can be raised a byte at a time, and there
// are half a million bytes to waste: no end of levels, each of them a state of its own.
TEST(FitSearch, GivesUpBeforeTheStackOverflows) {
  Random random(5);
  int found = 0;
  int gave_up = 0;
  while (found < 12) {
    Problem problem = make_small(random);
    const auto solution = solve(problem);
    const bool aligned = std::any_of(problem.buffers.begin(), problem.buffers.end(),
                                     [](const Buffer& buffer) { return buffer.alignment != 1; });
    if (aligned || solution->proof != Proof::kBySearch) continue;
    ++found;
    for (Buffer& buffer : problem.buffers) {
      buffer.size *= 1'000'000;
      buffer.first += 10;
      buffer.last += 10;
    }
    problem.buffers.push_back({.size = 1, .first = 0, .last = 1});
    problem.buffers.push_back({.size = 1, .first = 1, .last = 10});
    for (int rule = 0; rule < 4; ++rule) {
      Searched searched(problem);
      for (int skipped = 0; skipped < rule; ++skipped) searched.guides.next();
      const Answer answer = searched.at(1'000'000 * solution->height - 500'000, 200'000);
      EXPECT_NE(answer, Answer::kFits);
      gave_up += answer == Answer::kGaveUp ? 1 : 0;
    }
  }
  EXPECT_GT(gave_up, 0);
}

TEST(FitSearch, StopsWhenAsked) {
  Random random(33);
  const Problem problem = make({.buffers = 400, .steps = 60, .longest = 20}, random);
  const Sections sections = cut_into_sections(problem);
  Refuted refuted(1);
  int asked = 0;
  FitSearch search(sections, refuted, [&] { return ++asked == 1; });
  Guides guides(sections);
  const Guide guide = guides.next().guide;
  std::int64_t nodes = kPlenty;
  EXPECT_EQ(search.search(1'000'000'000, guide, nodes), Answer::kGaveUp);
  EXPECT_EQ(asked, 1);
}

TEST(FitState, WhatIsUndoneWasNeverDone) {
  Random random(34);
  for (int round = 0; round < 200; ++round) {
    const Problem problem =
        make({.buffers = 12, .steps = 12, .largest = 90, .alignments = {1, 16}}, random);
    const Sections sections = cut_into_sections(problem);
    const int count = static_cast<int>(sections.items.size());
    FitState state(sections);
    if (!state.start(400)) continue;
    std::vector<std::vector<std::int64_t>> lows;
    std::vector<std::size_t> marks;
    const auto all_lows = [&] {
      std::vector<std::int64_t> all;
      for (int i = 0; i < count; ++i) all.push_back(state.low(i));
      for (int section = 0; section < sections.count; ++section) {
        all.push_back(state.floor(section));
        all.push_back(state.slack(section));
        all.push_back(static_cast<std::int64_t>(state.open(section).size()));
      }
      return all;
    };
    bool alive = true;
    for (int i = 0; alive && i < count; ++i) {
      lows.push_back(all_lows());
      marks.push_back(state.mark());
      alive = i % 4 == 3 ? state.raise(i, state.low(i) + 5) : state.place(i);
    }
    while (!marks.empty()) {
      state.undo(marks.back());
      ASSERT_EQ(all_lows(), lows.back());
      marks.pop_back();
      lows.pop_back();
    }
  }
}

TEST(Sections, AreTheStepsAfterWhichSomethingEnds) {
  const Sections sections = cut_into_sections({{{.size = 1, .first = 0, .last = 4},
                                                {.size = 2, .first = 1, .last = 2},
                                                {.size = 0, .first = 0, .last = 9},
                                                {.size = 3, .first = 2, .last = 7},
                                                {.size = 4, .first = 5, .last = 9}}});
  ASSERT_EQ(sections.count, 2);  // step 2, and step 5
  ASSERT_EQ(sections.items.size(), 4u);
  EXPECT_EQ(sections.items[1].last, 0);   // steps 1 to 2
  EXPECT_EQ(sections.items[2].first, 0);  // steps 2 to 7
  EXPECT_EQ(sections.items[2].last, 1);
  EXPECT_EQ(sections.items[3].first, 1);
}

TEST(Sections, FallApartWhereNothingIsLiveAcross) {
  const auto parts = independent_parts(cut_into_sections({{{.size = 1, .first = 0, .last = 4},
                                                           {.size = 2, .first = 3, .last = 5},
                                                           {.size = 3, .first = 6, .last = 7}}}));
  ASSERT_EQ(parts.size(), 2u);
  EXPECT_EQ(parts[0].items.size(), 2u);
  EXPECT_EQ(parts[1].items[0].first, 0);
  EXPECT_EQ(parts[1].items[0].buffer, 2);
}

TEST(Guides, SomeOfThemAreForLonger) {
  Guides guides(cut_into_sections({{{.size = 1}}}));
  std::vector<std::int64_t> lengths;
  for (int i = 0; i < 15 * 4; ++i) {
    const std::int64_t length = guides.next().length;
    if (i % 4 == 0) lengths.push_back(length);
  }
  EXPECT_EQ(lengths, (std::vector<std::int64_t>{1, 1, 2, 1, 1, 2, 4, 1, 1, 2, 1, 1, 2, 4, 8}));
}

}  // namespace
}  // namespace mini_infer::planner
