#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "mini_infer/planner/problem.h"

// A plan, and all that must be known to judge it: plain values, without a graph and without
// operators. Sizes and offsets in bytes; values and steps by their indices, steps in the order they
// run.
namespace mini_infer::judge {

struct Value {
  std::string name;
  std::int64_t bytes = 0;
  std::int64_t row_bytes = 0;  // of a run along its last axis; divides `bytes`
};

struct Input {
  int value = 0;
  bool read = true;  // false: only its shape or a value known before matters
};

// Places in Step::outputs and Step::inputs.
struct Alias {
  int output = 0;
  int input = 0;
};

// One may lie inside the other: the inner one's rows are parts of neighbouring rows of the outer
// one.
struct Window {
  int output = 0;  // places in Step::outputs and Step::inputs
  int input = 0;
  bool of_output = false;   // the input lies in the output; else the output in the input
  std::int64_t row = 0;     // of the outer one, in which the inner one begins
  std::int64_t column = 0;  // bytes into that row
};

struct Step {
  std::string node;           // "Conv 'conv1' (opset 17)"
  std::vector<Input> inputs;  // constants left out
  std::vector<int> outputs;   // values
  std::vector<Alias> views;   // the output may be the input, seen with another shape
  std::vector<Alias>
      overwrites;  // the output may take the bytes of an input read for the last time
  std::vector<Window> windows;
  bool elementwise = false;  // each byte is read before it is written, whatever else is read
  // What its kernel may use besides; nothing that is alive lies there.
  std::int64_t hole_offset = 0;
  std::int64_t hole_bytes = 0;
};

enum class StorageKind { kTensor, kWorkspace, kScratch };

// So many rows of one value may lie apart at most: a judge may have to look at each.
inline constexpr std::int64_t kMostRowsApart = std::int64_t{1} << 20;

// A value that is not all of its storage: rows of so many bytes, one every `pitch` bytes; or a
// single run, where pitch is 0.
struct Part {
  int value = 0;
  std::int64_t offset = 0;  // from the storage's start
  std::int64_t row_bytes = 0;
  std::int64_t pitch = 0;
};

struct Storage {
  StorageKind kind = StorageKind::kTensor;
  std::string name;
  std::vector<int> values;
  std::vector<Part> parts;  // of those, what lies inside; the others begin where it begins
  std::int64_t offset = 0;
  std::int64_t bytes = 0;
  int first_step = 0;
  int last_step = 0;  // inclusive
};

// What the plan says of itself: see runtime::MemoryPlan.
struct Claims {
  std::int64_t arena_bytes = 0;
  std::int64_t lower_bound = 0;
  int peak_step = 0;
  planner::Proof offsets_proof = planner::Proof::kNone;
  std::int64_t order_bound = 0;
  planner::Proof order_proof = planner::Proof::kNone;
};

struct Statement {
  std::int64_t alignment = 1;
  std::vector<Value> values;
  std::vector<int> inputs;   // of the model: filled before the first step
  std::vector<int> outputs;  // of the model: read after the last one
  bool keeps_inputs = false;
  std::vector<Step> steps;
  std::vector<Storage> arena;
  std::vector<Storage> callers;  // each in memory of its own, that the caller brings
  Claims claims;
};

}  // namespace mini_infer::judge
