#pragma once

#include <vector>

#include "judge/byte_owners.h"
#include "judge/places.h"

namespace mini_infer::judge {

// [begin, end) of the addresses of one space.
struct Run {
  std::int64_t begin = 0;
  std::int64_t end = 0;
};

// A storage with parts as a space of its own, in which values are told in few runs: where every
// part spans all rows of one pitch, the bytes are counted column by column.
class PartedStorage {
 public:
  PartedStorage(const Statement& statement, const Storage& storage, int space);

  int space() const { return space_; }
  std::vector<Run> runs(const Place& place) const;

 private:
  const Storage* storage_;
  int space_;
  std::int64_t pitch_ = 0;  // of all parts; 0: counted as they lie
};

// Of `whole`, ascending and apart, what is in none of `without`.
std::vector<Run> subtract(const std::vector<Run>& whole, std::vector<Run> without);

}  // namespace mini_infer::judge
