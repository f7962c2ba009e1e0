#include <cmath>
#include <limits>
#include <utility>

#include "cpu/backend.h"
#include "cpu/ops/reduce.h"
#include "cpu/ops/reduce_sum.h"

namespace mini_infer::cpu {
namespace {

template <typename Element>
struct LogOfSum : Sum<Element> {
  static Element finish(double state, std::int64_t) {
    return static_cast<Element>(std::log(state));
  }
};

// log(sum of exp(x)) without overflow: the sum is kept as a multiple of exp(the greatest x so far).
template <typename Element>
struct LogOfSumOfExp {
  using T = Element;
  struct State {
    double greatest;
    double sum;
  };
  static State start() { return {-std::numeric_limits<double>::infinity(), 0}; }
  static void add(State& state, T x) { join(state, {static_cast<double>(x), 1}); }
  static void join(State& a, State b) {
    if (b.greatest > a.greatest) std::swap(a, b);
    // Equal greatest ones may be infinite: their difference is then no number, but their ratio 1.
    a.sum += a.greatest == b.greatest ? b.sum : b.sum * std::exp(b.greatest - a.greatest);
  }
  static T finish(State state, std::int64_t) {
    return static_cast<T>(state.greatest + std::log(state.sum));
  }
};

template <template <typename> typename Op>
core::Result<ops::Kernel> bind_real(const ops::NodeView& view) {
  return bind_reduction_of<Op>(view, kFloats);
}

constexpr KernelEntry kTable[] = {
    {"ReduceLogSum", bind_real<LogOfSum>},
    {"ReduceLogSumExp", bind_real<LogOfSumOfExp>},
};

}  // namespace

extern constinit const std::span<const KernelEntry> kReduceLogKernels = kTable;

}  // namespace mini_infer::cpu
