#include "cpu/ops/reduce_sum.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "cpu/backend.h"
#include "cpu/ops/reduce.h"

namespace mini_infer::cpu {
namespace {

template <typename Element>
struct Mean : Sum<Element> {
  using State = typename Sum<Element>::State;
  static Element finish(State state, std::int64_t count) {
    if constexpr (std::is_floating_point_v<Element>) {
      return static_cast<Element>(state / static_cast<double>(count));
    } else {
      using Whole = std::conditional_t<std::is_signed_v<Element>, std::int64_t, std::uint64_t>;
      return count == 0
                 ? Element{0}
                 : static_cast<Element>(static_cast<Whole>(state) / static_cast<Whole>(count));
    }
  }
};

template <typename Element>
struct SumOfMagnitudes : Additive<Element> {  // ReduceL1
  using State = typename Additive<Element>::State;
  static void add(State& state, Element x) {
    const auto wide = static_cast<State>(x);
    state += x < Element{0} ? State{0} - wide : wide;
  }
};

template <typename Element>
struct SumOfSquares : Additive<Element> {
  using State = typename Additive<Element>::State;
  static void add(State& state, Element x) {
    const auto wide = static_cast<State>(x);
    state += wide * wide;
  }
};

template <typename Element>
struct Length : SumOfSquares<Element> {  // ReduceL2
  using State = typename SumOfSquares<Element>::State;
  static Element finish(State state, std::int64_t) {
    const double length = std::sqrt(static_cast<double>(state));
    if constexpr (std::is_floating_point_v<Element>) return static_cast<Element>(length);
    constexpr auto kMax = static_cast<double>(std::numeric_limits<Element>::max());
    return static_cast<Element>(std::min(length, kMax));
  }
};

template <typename Element>
struct Product : Additive<Element> {
  using State = typename Additive<Element>::State;
  static State start() { return 1; }
  static void add(State& state, Element x) { state *= static_cast<State>(x); }
  static void join(State& a, State b) { a *= b; }
};

template <template <typename> typename Op>
core::Result<ops::Kernel> bind_number(const ops::NodeView& view) {
  return bind_reduction_of<Op>(view, kFloats + kWideIntegers);
}

constexpr KernelEntry kTable[] = {
    {"ReduceSum", bind_number<Sum>},      {"ReduceMean", bind_number<Mean>},
    {"ReduceProd", bind_number<Product>}, {"ReduceL1", bind_number<SumOfMagnitudes>},
    {"ReduceL2", bind_number<Length>},    {"ReduceSumSquare", bind_number<SumOfSquares>},
};

}  // namespace

extern constinit const std::span<const KernelEntry> kReduceSumKernels = kTable;

}  // namespace mini_infer::cpu
