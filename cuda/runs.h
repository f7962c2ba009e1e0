#pragma once

#include "cuda/place.h"
#include "cuda/team.h"
#include "ops/convert.h"

namespace mini_infer::cuda {

struct RunForm {
  std::int64_t length, count;
  std::int64_t step;  // from run to run

  __host__ __device__ std::int64_t elements() const { return length * count; }
};

// Numbers stored as T in runs of neighbours, shared out to the threads of a team; read anew each
// time.
template <typename Team, typename T>
class Runs {
 public:
  __device__ Runs(const Team& team, const T* x, const RunForm& form)
      : x_(x), form_(form), rank_(team.rank) {}

  // visit(element) for each of this thread's.
  template <typename Visit>
  __device__ void visit(Visit visit) const {
    for_each([&](std::int64_t, std::int64_t at) { visit(ops::widened(x_[at])); });
  }

  // y = function(place in its run, element). y may be where the runs lie.
  template <typename Function>
  __device__ void store(T* y, Function function) const {
    for_each([&](std::int64_t i, std::int64_t at) {
      y[at] = ops::convert<T>(function(i, ops::widened(x_[at])));
    });
  }

 private:
  // visit(place in its run, offset)
  template <typename Visit>
  __device__ void for_each(Visit visit) const {
    for (std::int64_t number = rank_; number < form_.elements(); number += Team::kSize) {
      auto run = static_cast<std::uint64_t>(number);
      const std::int64_t i = take_axis(run, form_.length);
      visit(i, static_cast<std::int64_t>(run) * form_.step + i);
    }
  }

  const T* x_;
  RunForm form_;
  std::int64_t rank_;
};

}  // namespace mini_infer::cuda
