#pragma once

#include <type_traits>

#include "cuda/pack.h"
#include "cuda/team.h"
#include "ops/convert.h"
#include "ops/types.h"

namespace mini_infer::cuda {

// Neighbours that are moved at once: kWidth is 1, or what a Pack holds.
template <int kWidth, typename T>
__device__ void load_wide(const T* from, float (&to)[kWidth]) {
  if constexpr (kWidth == 1) {
    to[0] = ops::widened(*from);
  } else {
    const Pack<T> pack = load_pack(from);
    for (int i = 0; i < kWidth; ++i) to[i] = ops::widened(pack.at[i]);
  }
}

template <int kWidth, typename T, typename Number>
__device__ void store_wide(T* to, const Number (&from)[kWidth]) {
  if constexpr (kWidth == 1) {
    *to = ops::convert<T>(from[0]);
  } else {
    Pack<T> pack;
    for (int i = 0; i < kWidth; ++i) pack.at[i] = ops::convert<T>(from[i]);
    store_pack(to, pack);
  }
}

// A row, or a column, of numbers stored as T, shared out to the threads of a team: chunks of kWidth
// neighbours, one to each thread in turn. A thread keeps the first of its chunks in registers;
// those beyond are read anew each time.
template <typename Team, typename T, int kWidth>
class Row {
 public:
  // Its elements are `step` apart: 1 where kWidth is more.
  __device__ Row(const Team& team, const T* x, std::int64_t extent, std::int64_t step = 1)
      : x_(x), begin_(team.rank * kWidth), extent_(extent), step_(step) {
    MI_UNROLL
    for (int chunk = 0; chunk < kHeld; ++chunk) {
      if (at(chunk) < extent_) load_wide(x_ + at(chunk) * step_, held_[chunk]);
    }
  }

  // Adds the row at `other` to it, as T stores the sum. It lies at `sums` from now on; what is held
  // of it is written there if `keep`. Any two of the three may be one.
  __device__ void add(const T* other, T* sums, bool keep) {
    MI_UNROLL
    for (int chunk = 0; chunk < kHeld; ++chunk) {
      if (at(chunk) >= extent_) continue;
      add_chunk(other + at(chunk), held_[chunk]);
      if (keep) store_wide(sums + at(chunk), held_[chunk]);
    }
    for (std::int64_t first = at(kHeld); first < extent_; first += kRound) {
      float numbers[kWidth];
      load_wide(x_ + first, numbers);
      add_chunk(other + first, numbers);
      store_wide(sums + first, numbers);
    }
    x_ = sums;
  }

  // visit(element) for each of this thread's.
  template <typename Visit>
  __device__ void visit(Visit visit) const {
    for_each([&](std::int64_t, const float(&numbers)[kWidth]) {
      for (int i = 0; i < kWidth; ++i) visit(numbers[i]);
    });
  }

  // y[i] = function(i, element i). y may be where the row lies.
  template <typename Function>
  __device__ void store(T* y, Function function) const {
    store_chunks(y, [&](std::int64_t first, float(&numbers)[kWidth]) {
      for (int i = 0; i < kWidth; ++i) numbers[i] = function(first + i, numbers[i]);
    });
  }
  // The same, chunk by chunk: change(first, the elements from there on).
  template <typename Change>
  __device__ void store_chunks(T* y, Change change) const {
    for_each([&](std::int64_t first, const float(&numbers)[kWidth]) {
      float results[kWidth];
      for (int i = 0; i < kWidth; ++i) results[i] = numbers[i];
      change(first, results);
      store_wide(y + first * step_, results);
    });
  }

 private:
  // Threads of large teams have few registers.
  static constexpr int kHeld = (Team::kSize * Team::kTeams <= 256 ? 32 : 16) / kWidth;
  static constexpr std::int64_t kRound = std::int64_t{Team::kSize} * kWidth;

  __device__ std::int64_t at(int chunk) const { return begin_ + chunk * kRound; }

  static __device__ void add_chunk(const T* other, float (&numbers)[kWidth]) {
    float addends[kWidth];
    load_wide(other, addends);
    for (int i = 0; i < kWidth; ++i) {
      numbers[i] = ops::widened(ops::convert<T>(numbers[i] + addends[i]));
    }
  }

  // visit(first, numbers) for each chunk of this thread.
  template <typename Visit>
  __device__ void for_each(Visit visit) const {
    MI_UNROLL
    for (int chunk = 0; chunk < kHeld; ++chunk) {
      if (at(chunk) < extent_) visit(at(chunk), held_[chunk]);
    }
    for (std::int64_t first = at(kHeld); first < extent_; first += kRound) {
      float numbers[kWidth];
      load_wide(x_ + first * step_, numbers);
      visit(first, numbers);
    }
  }

  const T* x_;
  std::int64_t begin_, extent_, step_;
  float held_[kHeld][kWidth];
};

template <int kWidth>
using Width = std::integral_constant<int, kWidth>;

// use(team, Width) for rows, or columns, stored as T.
template <typename T, typename Use>
auto with_row(std::int64_t rows, std::int64_t extent, bool columns, Use use) {
  return with_team(rows, extent, columns, [&]<typename Team>(Team team) {
    constexpr int kCount = Pack<T>::kCount;
    if constexpr (Team::kRows) {
      if (extent % kCount == 0) return use(team, Width<kCount>{});
    }
    return use(team, Width<1>{});
  });
}

}  // namespace mini_infer::cuda
