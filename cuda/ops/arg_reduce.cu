#include "core/try.h"
#include "cuda/backend.h"
#include "cuda/team.h"
#include "ops/dispatch.h"
#include "ops/reduce.h"
#include "ops/reduce_functor.h"

namespace mini_infer::cuda {
namespace {

using core::Result;
using ops::Kernel;
using ops::NodeView;

// The best element that was seen, and where; nowhere: none was.
template <typename T>
struct Choice {
  T element;
  std::int64_t index;
};

// The tensor seen as [outer, extent, inner].
template <typename Stored>
struct ArgBody {
  using T = ops::Wide<Stored>;

  const Stored* x;
  std::int64_t* y;
  std::int64_t extent, inner;
  bool greatest, last;

  __device__ Choice<T> better(const Choice<T>& a, const Choice<T>& b) const {
    if (a.index < 0) return b;
    if (b.index < 0) return a;
    const Choice<T>& first = a.index < b.index ? a : b;
    const Choice<T>& second = a.index < b.index ? b : a;
    return ops::beats(second.element, first.element, greatest, last) ? second : first;
  }

  template <typename Team>
  __device__ void operator()(std::int64_t output, const Team& team) const {
    const Stored* from = x + output / inner * inner * extent + output % inner;
    Choice<T> best{T{0}, -1};
    for (std::int64_t i = team.rank; i < extent; i += Team::kSize) {
      best = better(best, {ops::widened(from[i * inner]), i});
    }
    best = team.join(best, [this](const Choice<T>& a, const Choice<T>& b) { return better(a, b); });
    if (team.rank == 0) y[output] = best.index;
  }
};

template <bool kGreatest>
Result<Kernel> bind_arg(const NodeView& view) {
  MI_ASSIGN(const ops::ArgReduction reduction, ops::arg_reduction_of(view));
  const core::Shape& input = view.input_shape(0);
  const int axis = reduction.axis;
  const std::int64_t extent = input[axis];
  const std::int64_t inner = input.elements(axis + 1, input.rank());
  const std::int64_t outputs = input.elements(0, axis) * inner;
  return ops::for_type(view, view.input_type(0), ops::kFloats + ops::kIntegers, [&]<typename T>(T) {
    return with_team(outputs, extent, inner > 1, [&, last = reduction.last]<typename Team>(Team) {
      return Kernel([=](const ops::KernelArgs& args) {
        return for_each_team<Team>(
            "arg", outputs, args.queue,
            ArgBody<T>{args.in<T>(0), args.out<std::int64_t>(0), extent, inner, kGreatest, last});
      });
    });
  });
}

constexpr KernelEntry kTable[] = {{"ArgMax", bind_arg<true>}, {"ArgMin", bind_arg<false>}};

}  // namespace

extern constinit const std::span<const KernelEntry> kArgReduceKernels = kTable;

}  // namespace mini_infer::cuda
