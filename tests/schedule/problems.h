#pragma once

#include <algorithm>
#include <cstdint>
#include <random>
#include <vector>

#include "schedule/problem.h"

// Scheduling problems for the tests, the same on every machine.
namespace mini_infer::schedule {

// Adds steps and contents one after the other, and keeps both sides of every relation.
class ProblemBuilder {
 public:
  // A content of the graph's input.
  int input(std::int64_t bytes) {
    const int content = add_content(bytes);
    problem_.contents[content].from_start = true;
    makers_.emplace_back();
    return content;
  }

  // A step that reads contents, all that has been made of them, and makes one of this size.
  int step(const std::vector<int>& reads, std::int64_t bytes, std::int64_t workspace = 0) {
    const int content = add_content(bytes);
    makers_.emplace_back();
    begin_step(reads, workspace);
    also_makes(content);
    return content;
  }

  // Of the step added last: one more result.
  int result(std::int64_t bytes) {
    const int content = add_content(bytes);
    makers_.emplace_back();
    also_makes(content);
    return content;
  }

  // A step that reads contents and makes a part of one that other steps make too, or, with
  // `view`, only says where a part lies.
  void part(const std::vector<int>& reads, int content, bool view = false) {
    begin_step(reads, 0);
    if (!view) {
      also_makes(content);
      return;
    }
    use(content);
    makers_[content].push_back(last());
  }

  // The step added last may overwrite `read` with `made`.
  void overwrite(int made, int read) { problem_.steps.back().overwrites.push_back({made, read}); }
  void keep(int content) { problem_.contents[content].to_end = true; }

  const Problem& problem() const { return problem_; }

 private:
  int last() const { return static_cast<int>(problem_.steps.size()) - 1; }

  int add_content(std::int64_t bytes) {
    problem_.contents.push_back({.bytes = bytes});
    return static_cast<int>(problem_.contents.size()) - 1;
  }

  void begin_step(const std::vector<int>& reads, std::int64_t workspace) {
    problem_.steps.emplace_back();
    problem_.steps.back().workspace = workspace;
    for (int content : reads) {
      use(content);
      for (int maker : makers_[content]) wait_for(maker);
    }
  }

  void wait_for(int before) {
    std::vector<int>& list = problem_.steps.back().before;
    if (before == last() || std::find(list.begin(), list.end(), before) != list.end()) return;
    list.push_back(before);
    problem_.steps[before].after.push_back(last());
  }

  void use(int content) {
    std::vector<int>& list = problem_.steps.back().uses;
    if (std::find(list.begin(), list.end(), content) != list.end()) return;
    list.push_back(content);
    ++problem_.contents[content].uses;
  }

  void also_makes(int content) {
    problem_.steps.back().makes.push_back(content);
    use(content);
    makers_[content].push_back(last());
  }

  Problem problem_;
  std::vector<std::vector<int>> makers_;  // by content: steps that made or viewed a part
};

struct RandomProblem {
  int inputs = 2;
  int steps = 6;
  int largest = 9;  // bytes
};

// With views, parts, overwrites of one or two inputs, nodes of two results, workspaces, inputs that
// nobody reads and outputs that are read.
inline Problem make(const RandomProblem& wanted, std::mt19937& random) {
  const auto below = [&](int end) {
    return static_cast<int>(random() % static_cast<unsigned>(end));
  };
  const auto bytes = [&] { return std::int64_t{below(wanted.largest + 1)}; };
  ProblemBuilder builder;
  std::vector<int> contents;
  for (int i = 0; i < wanted.inputs; ++i) contents.push_back(builder.input(bytes()));
  const auto any = [&] { return contents[below(static_cast<int>(contents.size()))]; };
  const auto in_parts = [&](int content) {
    const Problem& so_far = builder.problem();
    const auto overwrites = [&](const Step& step) {
      return std::any_of(step.overwrites.begin(), step.overwrites.end(),
                         [&](const Overwrite& overwrite) { return overwrite.made == content; });
    };
    return !so_far.contents[content].from_start &&
           std::none_of(so_far.steps.begin(), so_far.steps.end(), overwrites);
  };
  for (int step = 0; step < wanted.steps; ++step) {
    const int read = any();
    switch (below(8)) {
      case 0:
        builder.part({read}, read, true);
        break;
      case 1:
        if (const int whole = any(); whole != read && in_parts(whole)) {
          builder.part({read}, whole);
          break;
        }
        [[fallthrough]];
      case 2:
        contents.push_back(builder.step({read, any()}, bytes(), bytes()));
        contents.push_back(builder.result(bytes()));
        break;
      case 3:
        contents.push_back(builder.step({read, any()}, bytes()));
        break;
      case 4: {  // either of two inputs of one size
        const std::int64_t size = builder.problem().contents[read].bytes;
        const int other = any();
        contents.push_back(builder.step({read, other}, size));
        builder.overwrite(contents.back(), read);
        if (other != read && builder.problem().contents[other].bytes == size) {
          builder.overwrite(contents.back(), other);
        }
        break;
      }
      default: {
        contents.push_back(builder.step({read}, builder.problem().contents[read].bytes));
        builder.overwrite(contents.back(), read);
      }
    }
    if (below(6) == 0) builder.keep(any());
  }
  return builder.problem();
}

}  // namespace mini_infer::schedule
