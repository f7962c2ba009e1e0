#include "core/try.h"
#include "cuda/backend.h"
#include "cuda/blocked_sums.h"
#include "cuda/row.h"
#include "ops/dispatch.h"
#include "ops/functor.h"
#include "ops/softmax.h"

namespace mini_infer::cuda {
namespace {

using core::Result;
using ops::Kernel;
using ops::NodeView;
using ops::SoftmaxGeometry;

// What becomes of an element, given the largest one of its row and the row's sum of
// exp(x - largest), which cannot overflow.
struct Softmax {
  float largest, factor;
  __device__ Softmax(float of_largest, float sum) : largest(of_largest), factor(1.0f / sum) {}
  __device__ float operator()(float x) const { return ops::math::exp(x - largest) * factor; }
};

struct LogSoftmax {
  float largest, log_sum;
  __device__ LogSoftmax(float of_largest, float sum)
      : largest(of_largest), log_sum(ops::math::log(sum)) {}
  __device__ float operator()(float x) const { return x - largest - log_sum; }
};

template <typename Function, typename T, int kWidth>
struct SoftmaxBody {
  const T* x;
  T* y;
  std::int64_t extent, inner;

  template <typename Team>
  __device__ void operator()(std::int64_t item, const Team& team) const {
    const std::int64_t first =
        inner == 1 ? item * extent : item / inner * inner * extent + item % inner;
    const Row<Team, T, kWidth> row(team, x + first, extent, inner);
    float largest = -INFINITY;
    row.visit([&](float element) { largest = ops::Max{}(largest, element); });
    largest = team.join(largest, ops::Max{});
    LongSum sum;
    row.visit([&](float element) { sum.add(ops::math::exp(element - largest)); });
    const Function function(largest, team.join(sum.sum(), ops::Add{}));
    row.store(y + first, [&](std::int64_t, float element) { return function(element); });
  }
};

template <typename Function, typename T>
Kernel softmax_kernel(const SoftmaxGeometry& of) {
  const std::int64_t items = of.outer * of.inner;
  if (items == 0 || of.extent == 0) return nothing_to_do();
  return with_row<T>(
      items, of.extent, of.inner > 1, [&]<typename Team, int kWidth>(Team, Width<kWidth>) {
        return Kernel([=](const ops::KernelArgs& args) {
          return for_each_team<Team>(
              "softmax", items, args.queue,
              SoftmaxBody<Function, T, kWidth>{args.in<T>(0), args.out<T>(0), of.extent, of.inner});
        });
      });
}

template <typename Function>
Result<Kernel> bind_softmax(const NodeView& view) {
  MI_ASSIGN(const SoftmaxGeometry geometry, ops::softmax_geometry(view));
  return ops::for_type(view, view.input_type(0), ops::StoredFloats{},
                       [&]<typename T>(T) { return softmax_kernel<Function, T>(geometry); });
}

constexpr KernelEntry kTable[] = {
    {"Softmax", bind_softmax<Softmax>},
    {"LogSoftmax", bind_softmax<LogSoftmax>},
};

}  // namespace

extern constinit const std::span<const KernelEntry> kSoftmaxKernels = kTable;

}  // namespace mini_infer::cuda
