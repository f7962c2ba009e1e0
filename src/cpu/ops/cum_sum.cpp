#include <algorithm>
#include <type_traits>

#include "cpu/backend.h"
#include "cpu/ops/dispatch.h"
#include "ops/indexing.h"

namespace mini_infer::cpu {
namespace {

using core::Result;
using core::Status;
using ops::Kernel;
using ops::KernelArgs;
using ops::NodeView;

// The tensor seen as [outer, extent, inner].
struct CumSum {
  std::int64_t outer;
  std::int64_t extent;
  std::int64_t inner;
  bool exclusive;
  bool reverse;
};

// Floats add up in double; integers wrap around.
template <typename T>
using Accumulator = std::conditional_t<std::is_floating_point_v<Wide<T>>, double, std::uint64_t>;

constexpr std::int64_t kLanes = 32;

// Adds up `lanes` neighbours at once. Reads each element before it writes it: x may be y.
template <typename T>
void add_up(const CumSum& sum, std::int64_t lanes, const T* x, T* y) {
  Accumulator<T> total[kLanes] = {};
  for (std::int64_t i = 0; i < sum.extent; ++i) {
    const std::int64_t row = (sum.reverse ? sum.extent - 1 - i : i) * sum.inner;
    for (std::int64_t lane = 0; lane < lanes; ++lane) {
      const auto before = total[lane];
      total[lane] += static_cast<Accumulator<T>>(ops::widened(x[row + lane]));
      y[row + lane] = ops::convert<T>(sum.exclusive ? before : total[lane]);
    }
  }
}

template <typename T>
Kernel cum_sum_kernel(const CumSum& sum) {
  return [sum](const KernelArgs& args) -> Status {
    for (std::int64_t outer = 0; outer < sum.outer; ++outer) {
      const std::int64_t base = outer * sum.extent * sum.inner;
      for (std::int64_t lane = 0; lane < sum.inner; lane += kLanes) {
        add_up(sum, std::min(kLanes, sum.inner - lane), args.in<T>(0) + base + lane,
               args.out<T>(0) + base + lane);
      }
    }
    return Status::SUCCESS;
  };
}

Result<Kernel> bind_cum_sum(const NodeView& view) {
  MI_ASSIGN(const int axis, ops::cum_sum_axis(view));
  const core::Shape& shape = view.input_shape(0);
  const CumSum sum{.outer = shape[axis] == 0 ? 0 : shape.elements(0, axis),
                   .extent = shape[axis],
                   .inner = shape.elements(axis + 1, shape.rank()),
                   .exclusive = view.node().get_int("exclusive", 0) != 0,
                   .reverse = view.node().get_int("reverse", 0) != 0};
  return for_type(view, view.input_type(0),
                  kFloats + Types<std::int32_t, std::int64_t, std::uint32_t, std::uint64_t>{},
                  [&](auto zero) { return cum_sum_kernel<decltype(zero)>(sum); });
}

constexpr KernelEntry kTable[] = {{"CumSum", bind_cum_sum}};

}  // namespace

extern constinit const std::span<const KernelEntry> kCumSumKernels = kTable;

}  // namespace mini_infer::cpu
