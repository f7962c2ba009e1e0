#pragma once

#include <vector>

#include "judge/statement.h"
#include "mini_infer/core/status.h"

namespace mini_infer::judge {

// Bytes in an address space of their own: the arena is space 0, each caller's buffer another.
struct Place {
  int space = -1;
  std::int64_t begin = 0;
  std::int64_t end = 0;
  const Storage* storage = nullptr;

  bool in_arena() const { return space == 0; }
  bool same_bytes(const Place& other) const {
    return space == other.space && begin == other.begin && end == other.end;
  }
};

// Where each value lies. Refuses a storage that ends outside the arena or is too small, and a value
// in two places.
core::Result<std::vector<Place>> find_places(const Statement& statement);

// For every value, the content it holds, named by the value first written: a view that lies where
// its source lies holds the source's, any other value its own.
std::vector<int> find_contents(const Statement& statement, const std::vector<Place>& places);

}  // namespace mini_infer::judge
