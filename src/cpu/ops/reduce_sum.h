#pragma once

#include <cstdint>
#include <type_traits>

// What the reductions that add up share (see reduce.h).
namespace mini_infer::cpu {

// Floating elements are added up in double; integers wrap around.
template <typename Element>
struct Additive {
  using T = Element;
  using State = std::conditional_t<std::is_floating_point_v<T>, double, std::uint64_t>;
  static State start() { return 0; }
  static void join(State& a, State b) { a += b; }
  static T finish(State state, std::int64_t) { return static_cast<T>(state); }
};

template <typename Element>
struct Sum : Additive<Element> {
  using State = typename Additive<Element>::State;
  static void add(State& state, Element x) { state += static_cast<State>(x); }
};

}  // namespace mini_infer::cpu
