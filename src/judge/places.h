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
  // Of rows that lie apart: the bytes of one, and from one to the next. Else 0.
  std::int64_t row_bytes = 0;
  std::int64_t pitch = 0;
  const Storage* storage = nullptr;

  bool in_arena() const { return space == 0; }
  bool same_bytes(const Place& other) const {
    return space == other.space && begin == other.begin && end == other.end &&
           row_bytes == other.row_bytes && pitch == other.pitch;
  }
};

// Where each value lies. Refuses a storage that ends outside the arena or is too small, a value in
// two places, and a part that is not inside its storage.
core::Result<std::vector<Place>> find_places(const Statement& statement);

// Whether the window is where the step says that it may be.
bool holds(const Statement& statement, const std::vector<Place>& places, const Step& step,
           const Window& window);

// Which values hold parts of the same content.
struct Sharing {
  // By value: the content it holds all or a part of, named by one value of them. A view that lies
  // where its source lies shares the source's, and so does a window that holds; any other value has
  // its own.
  std::vector<int> content;
  // By value: whether its step writes it. Views and windows of inputs are there before.
  std::vector<bool> written;

  static Sharing of(const Statement& statement, const std::vector<Place>& places);
};

}  // namespace mini_infer::judge
