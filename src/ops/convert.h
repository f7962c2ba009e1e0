#pragma once

#include <limits>
#include <type_traits>

#include "ops/float16.h"

// Conversions between element types, as Cast defines them. What the standard leaves open is settled
// here, so that every device gives the same: a float outside an integer type's range becomes the
// nearest integer inside it, a NaN 0.
namespace mini_infer::ops {

// A bool as it is stored: a byte, 0 for false.
struct Bool {
  std::uint8_t byte;
};

inline namespace MI_ISA {

template <typename T>
MI_HD T widened(T x) {
  return x;
}
MI_HD inline float widened(Float16 x) { return to_float(x); }
MI_HD inline float widened(BFloat16 x) { return to_float(x); }
MI_HD inline std::uint8_t widened(Bool x) { return x.byte != 0; }

template <typename To, typename From>
MI_HD To truncated(From x) {
  using Limits = std::numeric_limits<To>;
  constexpr From kLowest = static_cast<From>(Limits::lowest());
  constexpr From kBeyond = From{2} * static_cast<From>(Limits::max() / 2 + 1);  // a power of 2
  const From inside = x > kLowest && x < kBeyond ? x : From{0};
  const To integer = static_cast<To>(inside);
  const To at_least_lowest = x <= kLowest ? Limits::lowest() : integer;
  return x >= kBeyond ? Limits::max() : at_least_lowest;
}

template <typename From>
MI_HD float rounded_once_more(From x) {
  if constexpr (std::is_same_v<From, double>) {
    return round_to_odd(x);
  } else {
    return static_cast<float>(x);
  }
}

template <typename To, typename From>
MI_HD To convert(From from) {
  const auto x = widened(from);
  if constexpr (std::is_same_v<To, Bool>) {
    return {static_cast<std::uint8_t>(x != 0)};
  } else if constexpr (std::is_same_v<To, Float16>) {
    return to_float16(rounded_once_more(x));
  } else if constexpr (std::is_same_v<To, BFloat16>) {
    return to_bfloat16(rounded_once_more(x));
  } else if constexpr (std::is_integral_v<To> && std::is_floating_point_v<decltype(x + 0)>) {
    return truncated<To>(x);
  } else {
    return static_cast<To>(x);
  }
}

}  // namespace MI_ISA
}  // namespace mini_infer::ops
