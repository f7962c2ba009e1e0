#include <type_traits>

#include "cuda/backend.h"
#include "cuda/each.h"
#include "cuda/place.h"
#include "ops/dispatch.h"
#include "ops/indexing.h"

namespace mini_infer::cuda {
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
using Accumulator =
    std::conditional_t<std::is_floating_point_v<ops::Wide<T>>, double, std::uint64_t>;

// One row of elements `sum.inner` apart. Each is read before it is written: x may be y.
template <typename T>
struct CumSumRow {
  const T* x;
  T* y;
  CumSum sum;

  __device__ CumSumRow at(std::int64_t row) const {
    auto outer = static_cast<std::uint64_t>(row);
    const std::int64_t inner = take_axis(outer, sum.inner);
    const std::int64_t first = static_cast<std::int64_t>(outer) * sum.extent * sum.inner + inner;
    return {x + first, y + first, sum};
  }

  __device__ std::int64_t offset(std::int64_t i) const {
    return (sum.reverse ? sum.extent - 1 - i : i) * sum.inner;
  }
  __device__ Accumulator<T> read(std::int64_t i) const {
    return static_cast<Accumulator<T>>(ops::widened(x[offset(i)]));
  }
  __device__ void write(std::int64_t i, Accumulator<T> before, Accumulator<T> with) const {
    y[offset(i)] = ops::convert<T>(sum.exclusive ? before : with);
  }
};

// A thread per row.
template <typename T>
struct CumSumBody {
  CumSumRow<T> tensor;

  __device__ void operator()(std::int64_t item) const {
    const CumSumRow<T> row = tensor.at(item);
    Accumulator<T> total = 0;
    for (std::int64_t i = 0; i < row.sum.extent; ++i) {
      const Accumulator<T> before = total;
      total += row.read(i);
      row.write(i, before, total);
    }
  }
};

constexpr int kWarp = 32;

// What the lane `lanes` below gives; 0 where there is none.
template <typename A>
__device__ A from_below(A value, int lanes) {
  const int lane = static_cast<int>(threadIdx.x);
  const A below = __shfl_sync(0xffffffffu, value, lane >= lanes ? lane - lanes : lane);
  return lane >= lanes ? below : A{0};
}

// The sum of what this lane and those below it give.
template <typename A>
__device__ A sum_of_lanes(A value) {
  for (int lanes = 1; lanes < kWarp; lanes *= 2) value += from_below(value, lanes);
  return value;
}

// A warp per row.
template <typename T>
__global__ void cum_sum_kernel(CumSumRow<T> tensor) {
  const std::int64_t rows = tensor.sum.outer * tensor.sum.inner;
  for (std::int64_t at = blockIdx.x; at < rows; at += gridDim.x) {
    const CumSumRow<T> row = tensor.at(at);
    Accumulator<T> total = 0;
    for (std::int64_t first = 0; first < row.sum.extent; first += kWarp) {
      const std::int64_t i = first + threadIdx.x;
      const bool inside = i < row.sum.extent;
      const Accumulator<T> sum = sum_of_lanes(inside ? row.read(i) : Accumulator<T>{0});
      const Accumulator<T> below = from_below(sum, 1);
      if (inside) row.write(i, total + below, total + sum);
      total += __shfl_sync(0xffffffffu, sum, kWarp - 1);
    }
  }
}

template <typename T>
Kernel cum_sum(const CumSum& sum) {
  return [sum](const KernelArgs& args) -> Status {
    const CumSumRow<T> tensor{args.in<T>(0), args.out<T>(0), sum};
    const std::int64_t rows = sum.outer * sum.inner;
    if (sum.inner >= kWarp) return for_each("cum_sum", rows, args.queue, CumSumBody<T>{tensor});
    return launch("cum_sum", cum_sum_kernel<T>,
                  {.blocks = blocks_for(rows, 1), .threads = kWarp, .barriers = true}, args.queue,
                  tensor);
  };
}

Result<Kernel> bind_cum_sum(const NodeView& view) {
  MI_ASSIGN(const int axis, ops::cum_sum_axis(view));
  const core::Shape& shape = view.input_shape(0);
  const CumSum sum{.outer = shape.elements(0, axis),
                   .extent = shape[axis],
                   .inner = shape.elements(axis + 1, shape.rank()),
                   .exclusive = view.node().get_int("exclusive", 0) != 0,
                   .reverse = view.node().get_int("reverse", 0) != 0};
  constexpr auto kTypes =
      ops::kFloats + ops::Types<std::int32_t, std::int64_t, std::uint32_t, std::uint64_t>{};
  return ops::for_type(view, view.input_type(0), kTypes,
                       [&]<typename T>(T) { return cum_sum<T>(sum); });
}

constexpr KernelEntry kTable[] = {{"CumSum", bind_cum_sum}};

}  // namespace

extern constinit const std::span<const KernelEntry> kCumSumKernels = kTable;

}  // namespace mini_infer::cuda
