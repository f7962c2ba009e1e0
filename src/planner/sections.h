#pragma once

#include <cstdint>
#include <vector>

#include "mini_infer/planner/problem.h"

namespace mini_infer::planner {

// A buffer as the exact search sees it: its footprint, and the sections in which it is live.
struct Item {
  std::int64_t size = 0;       // bytes, a multiple of the alignment
  std::int64_t alignment = 1;  // bytes
  int first = 0;               // sections, both included
  int last = 0;
  std::int32_t buffer = 0;  // index in the problem
};

// Buffers over a shortened timeline: of the steps, only those matter at which a buffer has begun
// since another one ended (the sections of Moffitt, "MiniMalloc", ASPLOS 2023). At all others no
// more is live.
struct Sections {
  std::vector<Item> items;  // by first section; empty buffers left out
  int count = 0;            // sections
};

Sections cut_into_sections(const Problem& problem);

// Split where nothing is live on both sides: what can be placed without looking at the rest.
std::vector<Sections> independent_parts(const Sections& whole);

}  // namespace mini_infer::planner
