#pragma once

#include <cstdint>

namespace mini_infer::cpu {

// `pointer` moved, unless it is null.
template <typename T>
const T* advance(const T* pointer, std::int64_t offset) {
  return pointer == nullptr ? nullptr : pointer + offset;
}

inline std::int64_t ceil_div(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

// The part of [0, total) that is the `index`-th of `count` nearly equal ones.
struct Share {
  std::int64_t first, last;
};
inline Share share(std::int64_t total, std::int64_t index, std::int64_t count) {
  return {total * index / count, total * (index + 1) / count};
}

}  // namespace mini_infer::cpu
