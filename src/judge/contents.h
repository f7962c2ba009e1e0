#pragma once

#include <vector>

#include "judge/places.h"

namespace mini_infer::judge {

// What values hold, with all that decides in which order steps may run and what they need then.
struct Content {
  std::int64_t bytes = 0;   // reserved; 0 in the caller's memory
  bool from_start = false;  // an input of the model
  bool to_end = false;      // an output of the model, or a kept input
  bool writable = true;     // false: in the caller's memory
  std::vector<int> makers;  // steps, ascending
  std::vector<int> users;   // steps that make or read it, ascending, each once
};

// When `read` is used for the last time by the step that makes `made`, they may share their bytes.
struct Overwrite {
  int made = 0;  // contents
  int read = 0;
};

struct StepFacts {
  std::vector<int> before;  // steps that make what it uses, each once
  std::vector<Overwrite> overwrites;
  std::int64_t workspace = 0;  // bytes reserved
};

struct Contents {
  std::vector<Content> all;
  std::vector<StepFacts> steps;
  std::int64_t scratch = 0;  // bytes reserved at every step

  // Of a statement that check_packing has accepted.
  static core::Result<Contents> of(const Statement& statement);
};

}  // namespace mini_infer::judge
