#pragma once

namespace mini_infer::ops {

// Types in a row, known when compiling.
template <typename... Ts>
struct Types {
  static constexpr int kCount = sizeof...(Ts);
};

template <typename... Left, typename... Right>
constexpr Types<Left..., Right...> operator+(Types<Left...>, Types<Right...>) {
  return {};
}

// The place of T among the types, or -1.
template <typename T, typename... Ts>
constexpr int index_of(Types<Ts...>) {
  int index = -1;
  int at = 0;
  ((__is_same(T, Ts) ? void(index = at++) : void(at++)), ...);
  return index;
}

}  // namespace mini_infer::ops
