#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <type_traits>

#include "ops/functor.h"
#include "ops/types.h"

// What the reductions make of many elements, compiled by the CPU loops and by the CUDA kernels. An
// operation Op<T> has a State of what is added up so far: start() is that of no element,
// add(state, x) takes one in, join(a, b) makes one of two parts, finish(state, count) yields a T.
namespace mini_infer::ops {

inline constexpr Types<std::int32_t, std::int64_t, std::uint32_t, std::uint64_t> kWideIntegers;

// Floating elements are added up in double; integers wrap around.
template <typename Element>
struct Additive {
  using T = Element;
  using State = std::conditional_t<std::is_floating_point_v<T>, double, std::uint64_t>;
  MI_HD static State start() { return 0; }
  MI_HD static void join(State& a, State b) { a += b; }
  MI_HD static T finish(State state, std::int64_t) { return static_cast<T>(state); }
};

template <typename Element>
struct Sum : Additive<Element> {
  using State = typename Additive<Element>::State;
  MI_HD static void add(State& state, Element x) { state += static_cast<State>(x); }
};

template <typename Element>
struct Mean : Sum<Element> {
  using State = typename Sum<Element>::State;
  MI_HD static Element finish(State state, std::int64_t count) {
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
  MI_HD static void add(State& state, Element x) {
    const auto wide = static_cast<State>(x);
    state += x < Element{0} ? State{0} - wide : wide;
  }
};

template <typename Element>
struct SumOfSquares : Additive<Element> {
  using State = typename Additive<Element>::State;
  MI_HD static void add(State& state, Element x) {
    const auto wide = static_cast<State>(x);
    state += wide * wide;
  }
};

template <typename Element>
struct Length : SumOfSquares<Element> {  // ReduceL2
  using State = typename SumOfSquares<Element>::State;
  MI_HD static Element finish(State state, std::int64_t) {
    const double length = std::sqrt(static_cast<double>(state));
    if constexpr (std::is_floating_point_v<Element>) {
      return static_cast<Element>(length);
    } else {
      constexpr auto kMax = static_cast<double>(std::numeric_limits<Element>::max());
      return static_cast<Element>(length < kMax ? length : kMax);
    }
  }
};

template <typename Element>
struct Product : Additive<Element> {
  using State = typename Additive<Element>::State;
  MI_HD static State start() { return 1; }
  MI_HD static void add(State& state, Element x) { state *= static_cast<State>(x); }
  MI_HD static void join(State& a, State b) { a *= b; }
};

template <typename Element>
struct LogOfSum : Sum<Element> {
  MI_HD static Element finish(double state, std::int64_t) {
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
  MI_HD static State start() { return {-std::numeric_limits<double>::infinity(), 0}; }
  MI_HD static void add(State& state, T x) { join(state, {static_cast<double>(x), 1}); }
  MI_HD static void join(State& a, State b) {
    if (b.greatest > a.greatest) {
      const State lower = a;
      a = b;
      b = lower;
    }
    // Equal greatest ones may be infinite: their difference is then no number, but their ratio 1.
    a.sum += a.greatest == b.greatest ? b.sum : b.sum * std::exp(b.greatest - a.greatest);
  }
  MI_HD static T finish(State state, std::int64_t) {
    return static_cast<T>(state.greatest + std::log(state.sum));
  }
};

// NaN in, NaN out.
template <typename Element>
struct Greatest {
  using T = Element;
  using State = Element;
  using Limits = std::numeric_limits<T>;
  MI_HD static State start() {
    return Limits::has_infinity ? -Limits::infinity() : Limits::lowest();
  }
  MI_HD static void add(State& state, T x) { state = x > state || is_nan(x) ? x : state; }
  MI_HD static void join(State& a, State b) { add(a, b); }
  MI_HD static T finish(State state, std::int64_t) { return state; }
};

template <typename Element>
struct Least : Greatest<Element> {
  using Limits = std::numeric_limits<Element>;
  MI_HD static Element start() { return Limits::has_infinity ? Limits::infinity() : Limits::max(); }
  MI_HD static void add(Element& state, Element x) { state = x < state || is_nan(x) ? x : state; }
  MI_HD static void join(Element& a, Element b) { add(a, b); }
};

// Bools are widened to 0 or 1.
struct LeastBool : Least<std::uint8_t> {
  MI_HD static std::uint8_t start() { return 1; }
};

// Whether x takes the place of the best so far, which came before it. NaN beats every number.
// `last` says whether an equal one does.
template <typename T>
MI_HD bool beats(T x, T best, bool greatest, bool last) {
  if (is_nan(best)) return last && is_nan(x);
  if (is_nan(x)) return true;
  if (last && x == best) return true;
  return greatest ? x > best : x < best;
}

}  // namespace mini_infer::ops
