#include <algorithm>
#include <array>

#include "cpu/backend.h"
#include "cpu/ops/dispatch.h"
#include "ops/reduce.h"
#include "ops/reduce_functor.h"

namespace mini_infer::cpu {
namespace {

using core::Result;
using core::Status;
using ops::Kernel;
using ops::KernelArgs;
using ops::NodeView;

// The tensor seen as [outer, extent, inner].
struct ArgShape {
  std::int64_t outer;
  std::int64_t extent;
  std::int64_t inner;
};

constexpr std::int64_t kLanes = 32;

template <typename T, bool kGreatest, bool kLast>
void choose(const ArgShape& shape, std::int64_t lanes, const T* x, std::int64_t* y) {
  std::array<Wide<T>, kLanes> best;
  std::transform(x, x + lanes, best.begin(), [](T first) { return ops::widened(first); });
  std::fill_n(y, lanes, 0);
  for (std::int64_t i = 1; i < shape.extent; ++i) {
    const T* row = x + i * shape.inner;
    for (std::int64_t lane = 0; lane < lanes; ++lane) {
      Wide<T>& leader = best[static_cast<std::size_t>(lane)];
      const Wide<T> challenger = ops::widened(row[lane]);
      if (!ops::beats(challenger, leader, kGreatest, kLast)) continue;
      leader = challenger;
      y[lane] = i;
    }
  }
}

template <typename T, bool kGreatest, bool kLast>
Kernel arg_kernel(const ArgShape& shape) {
  return [shape](const KernelArgs& args) -> Status {
    const T* x = args.in<T>(0);
    auto* y = args.out<std::int64_t>(0);
    for (std::int64_t outer = 0; outer < shape.outer; ++outer) {
      for (std::int64_t lane = 0; lane < shape.inner; lane += kLanes) {
        const std::int64_t lanes = std::min(kLanes, shape.inner - lane);
        choose<T, kGreatest, kLast>(shape, lanes, x + lane, y + lane);
      }
      x += shape.extent * shape.inner;
      y += shape.inner;
    }
    return Status::SUCCESS;
  };
}

template <bool kGreatest>
Result<Kernel> bind_arg(const NodeView& view) {
  MI_ASSIGN(const ops::ArgReduction reduction, ops::arg_reduction_of(view));
  const core::Shape& input = view.input_shape(0);
  const int axis = reduction.axis;
  const ArgShape shape{.outer = input.elements(0, axis),
                       .extent = input[axis],
                       .inner = input.elements(axis + 1, input.rank())};
  return for_type(view, view.input_type(0), kFloats + kIntegers, [&](auto zero) {
    using T = decltype(zero);
    return reduction.last ? arg_kernel<T, kGreatest, true>(shape)
                          : arg_kernel<T, kGreatest, false>(shape);
  });
}

constexpr KernelEntry kTable[] = {{"ArgMax", bind_arg<true>}, {"ArgMin", bind_arg<false>}};

}  // namespace

extern constinit const std::span<const KernelEntry> kArgReduceKernels = kTable;

}  // namespace mini_infer::cpu
