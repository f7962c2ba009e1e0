#pragma once

#include <cstdint>
#include <vector>

// The scheduling problem in numbers: steps, what they hold in memory, and for how long. No graph.
namespace mini_infer::schedule {

// What a value and its views hold. It takes room from the first step that makes a part of it to the
// last that makes or reads one.
struct Content {
  std::int64_t bytes = 0;   // reserved; 0 for what lies in the caller's memory
  int uses = 0;             // steps that make or read it
  bool from_start = false;  // an input of the graph: there before the first step
  bool to_end = false;      // an output or a kept input: needed after the last step
};

// When `read` is read for the last time by the step that makes `made`, they may share their bytes.
struct Overwrite {
  int made = 0;  // contents, of equal size; no other step makes a part of this one
  int read = 0;
};

// Contents and steps by their indices. A step waits for steps with smaller indices only, so that
// running them as they are numbered is always possible.
struct Step {
  std::vector<int> before;            // steps it waits for, each once
  std::vector<int> after;             // steps that wait for it, each once
  std::vector<int> makes;             // contents, each once
  std::vector<int> uses;              // contents that it makes or reads, each once
  std::vector<Overwrite> overwrites;  // at most one of them for what is made, and for what is read
  std::int64_t workspace = 0;         // bytes
};

struct Problem {
  std::vector<Content> contents;
  std::vector<Step> steps;
};

}  // namespace mini_infer::schedule
