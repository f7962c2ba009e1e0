#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <type_traits>

#include "ops/convert.h"
#include "ops/math.h"

// Scalar functions of the elementwise families, compiled by the CPU loops and by the CUDA kernels.
// NaN in, NaN out: comparisons are written so that a NaN fails them and is passed on. Both sides of
// a choice are computed before it where that is cheap: a choice becomes vector code, a branch not.
namespace mini_infer::ops {
inline namespace MI_ISA {

// Integers as an unsigned type that no arithmetic promotes: they wrap around, as the standard's
// integers do, where signed ones would overflow. Floats as they are.
template <typename T>
MI_HD auto modular(T x) {
  if constexpr (std::is_integral_v<T>) {
    return static_cast<std::make_unsigned_t<decltype(x + 0)>>(x);
  } else {
    return x;
  }
}

template <typename T>
MI_HD bool is_nan(T x) {
  if constexpr (std::is_floating_point_v<T>) {
    return x != x;
  } else {
    return false;
  }
}

// --- Activations ---

struct Unchanged {
  template <typename T>
  MI_HD T operator()(T x) const {
    return x;
  }
};

struct Relu {
  template <typename T>
  MI_HD T operator()(T x) const {
    return x < T{0} ? T{0} : x;
  }
};

struct Clip {
  float lowest, highest;
  MI_HD float operator()(float x) const {
    const float raised = x < lowest ? lowest : x;
    return highest < raised ? highest : raised;  // the standard: min(max(x, lowest), highest)
  }
};

struct LeakyRelu {
  float alpha;
  template <typename T>
  MI_HD T operator()(T x) const {
    const T below = static_cast<T>(alpha) * x;
    return x < 0 ? below : x;
  }
};

struct ThresholdedRelu {
  float alpha;
  template <typename T>
  MI_HD T operator()(T x) const {
    return x <= static_cast<T>(alpha) ? T{0} : x;
  }
};

struct Shrink {
  float lambd, bias;
  template <typename T>
  MI_HD T operator()(T x) const {
    const T limit = static_cast<T>(lambd);
    const T raised = x + static_cast<T>(bias);
    const T lowered = x - static_cast<T>(bias);
    const T outside = x < -limit ? raised : lowered;
    return x >= -limit && x <= limit ? T{0} : outside;
  }
};

struct Sigmoid {
  template <typename T>
  MI_HD T operator()(T x) const {
    return T{1} / (T{1} + math::exp(-x));  // 1 / infinity is the right answer for a low x
  }
};

struct Swish {
  float alpha;
  template <typename T>
  MI_HD T operator()(T x) const {
    return x * Sigmoid{}(static_cast<T>(alpha) * x);
  }
};

struct HardSigmoid {
  float alpha, beta;
  template <typename T>
  MI_HD T operator()(T x) const {
    const T line = static_cast<T>(alpha) * x + static_cast<T>(beta);
    const T raised = line < T{0} ? T{0} : line;
    return raised > T{1} ? T{1} : raised;
  }
};

struct HardSwish {
  template <typename T>
  MI_HD T operator()(T x) const {
    const T line = x * T(1.0 / 6.0) + T{0.5};
    const T raised = line < T{0} ? T{0} : line;
    return x * (raised > T{1} ? T{1} : raised);
  }
};

struct Elu {
  float alpha;
  template <typename T>
  MI_HD T operator()(T x) const {
    const T below = static_cast<T>(alpha) * math::expm1(x);
    return x < 0 ? below : x;
  }
};

struct Selu {
  float alpha, gamma;
  template <typename T>
  MI_HD T operator()(T x) const {
    return static_cast<T>(gamma) * Elu{alpha}(x);
  }
};

struct Celu {
  float alpha;
  template <typename T>
  MI_HD T operator()(T x) const {
    const T below = static_cast<T>(alpha) * math::expm1(x / static_cast<T>(alpha));
    return x < 0 ? below : x;
  }
};

struct Softplus {
  template <typename T>
  MI_HD T operator()(T x) const {
    return Relu{}(x) + math::log1p(math::exp(-std::fabs(x)));  // exp of a positive x may overflow
  }
};

struct Softsign {
  template <typename T>
  MI_HD T operator()(T x) const {
    return x / (T{1} + std::fabs(x));
  }
};

// x * tanh(log(1 + e)) with e = exp(x), without the logarithm: tanh(log(u)) = (u² - 1) / (u² + 1).
struct Mish {
  template <typename T>
  MI_HD T operator()(T x) const {
    const T e = math::exp(x > T{20} ? T{20} : x);  // from there on the quotient is 1
    const T above_one = e * (e + T{2});
    return x * (above_one / (above_one + T{2}));
  }
};

struct Gelu {
  template <typename T>
  MI_HD T operator()(T x) const {
    return T{0.5} * x * math::one_plus_erf(x);
  }
};

struct GeluTanh {
  template <typename T>
  MI_HD T operator()(T x) const {
    constexpr T kSqrt2OverPi = T(0.79788456080286535588);
    const T inner = kSqrt2OverPi * (x + T(0.044715) * x * x * x);
    return T{0.5} * x * (T{1} + math::tanh(inner));
  }
};

// --- Mathematics of one number ---

struct Exp {
  template <typename T>
  MI_HD T operator()(T x) const {
    return math::exp(x);
  }
};

struct Log {
  template <typename T>
  MI_HD T operator()(T x) const {
    return math::log(x);
  }
};

struct Tanh {
  template <typename T>
  MI_HD T operator()(T x) const {
    return math::tanh(x);
  }
};

struct Erf {
  template <typename T>
  MI_HD T operator()(T x) const {
    return math::erf(x);
  }
};

struct Reciprocal {
  template <typename T>
  MI_HD T operator()(T x) const {
    return T{1} / x;
  }
};

// One struct per function of <cmath>: Sqrt calls std::sqrt.
#define MI_CMATH_FUNCTOR(Name, function) \
  struct Name {                          \
    template <typename T>                \
    MI_HD T operator()(T x) const {      \
      return std::function(x);           \
    }                                    \
  }
MI_CMATH_FUNCTOR(Sqrt, sqrt);
MI_CMATH_FUNCTOR(Floor, floor);
MI_CMATH_FUNCTOR(Ceil, ceil);
MI_CMATH_FUNCTOR(Round, nearbyint);  // halves to even, as the standard wants them
MI_CMATH_FUNCTOR(Sin, sin);
MI_CMATH_FUNCTOR(Cos, cos);
MI_CMATH_FUNCTOR(Tan, tan);
MI_CMATH_FUNCTOR(Asin, asin);
MI_CMATH_FUNCTOR(Acos, acos);
MI_CMATH_FUNCTOR(Atan, atan);
MI_CMATH_FUNCTOR(Sinh, sinh);
MI_CMATH_FUNCTOR(Cosh, cosh);
MI_CMATH_FUNCTOR(Asinh, asinh);
MI_CMATH_FUNCTOR(Acosh, acosh);
MI_CMATH_FUNCTOR(Atanh, atanh);
#undef MI_CMATH_FUNCTOR

struct Neg {
  template <typename T>
  MI_HD T operator()(T x) const {
    return static_cast<T>(-modular(x));
  }
};

struct Abs {
  template <typename T>
  MI_HD T operator()(T x) const {
    if constexpr (std::is_floating_point_v<T>) {
      return std::fabs(x);  // also of -0
    } else {
      return x < T{0} ? Neg{}(x) : x;
    }
  }
};

struct Sign {
  template <typename T>
  MI_HD T operator()(T x) const {
    if constexpr (std::is_unsigned_v<T>) {
      return x > T{0} ? T{1} : T{0};
    } else {
      const T not_positive = x < T{0} ? static_cast<T>(-1) : x;
      return x > T{0} ? T{1} : not_positive;
    }
  }
};

struct IsNaN {
  template <typename T>
  MI_HD bool operator()(T x) const {
    return is_nan(x);
  }
};

struct IsInf {
  bool negative, positive;
  template <typename T>
  MI_HD bool operator()(T x) const {
    constexpr T kInfinity = std::numeric_limits<T>::infinity();
    return (positive && x == kInfinity) || (negative && x == -kInfinity);
  }
};

// Bools are bytes that hold 0 or 1.
struct Not {
  MI_HD std::uint8_t operator()(std::uint8_t x) const { return x == 0; }
};

struct BitwiseNot {
  template <typename T>
  MI_HD T operator()(T x) const {
    return static_cast<T>(~x);
  }
};

// What a normalisation does to each element, once the statistics are known.
struct Standardize {
  float mean, factor, bias;
  MI_HD float operator()(float x) const { return (x - mean) * factor + bias; }
};

// --- Arithmetic of two numbers ---

struct Add {
  template <typename T>
  MI_HD T operator()(T a, T b) const {
    return static_cast<T>(modular(a) + modular(b));
  }
};

struct Sub {
  template <typename T>
  MI_HD T operator()(T a, T b) const {
    return static_cast<T>(modular(a) - modular(b));
  }
};

struct Mul {
  template <typename T>
  MI_HD T operator()(T a, T b) const {
    return static_cast<T>(modular(a) * modular(b));
  }
};

// Integers truncate towards zero; the caller has seen to it that no integer divisor is 0.
struct Div {
  template <typename T>
  MI_HD T operator()(T a, T b) const {
    if constexpr (std::is_integral_v<T> && std::is_signed_v<T>) {
      if (b == T{-1}) return Neg{}(a);  // the lowest integer has no quotient: it wraps around
    }
    return static_cast<T>(a / b);
  }
};

// The remainder with the sign of the dividend. Integer divisors as for Div.
struct TruncatedMod {
  template <typename T>
  MI_HD T operator()(T a, T b) const {
    if constexpr (std::is_floating_point_v<T>) {
      return std::fmod(a, b);
    } else {
      if constexpr (std::is_signed_v<T>) {
        if (b == T{-1}) return T{0};
      }
      return static_cast<T>(a % b);
    }
  }
};

// The remainder with the sign of the divisor. Integers only, divisors as for Div.
struct FlooredMod {
  template <typename T>
  MI_HD T operator()(T a, T b) const {
    const T remainder = TruncatedMod{}(a, b);
    const bool opposite = (remainder < T{0}) != (b < T{0});
    return remainder != T{0} && opposite ? static_cast<T>(remainder + b) : remainder;
  }
};

// Integers to powers of integers that are not negative.
struct IntegerPow {
  template <typename T, typename E>
  MI_HD T operator()(T base, E exponent) const {
    auto square = modular(base);
    decltype(square) product = 1;
    for (; exponent > 0; exponent = static_cast<E>(exponent / 2)) {
      if (exponent % 2 != 0) product *= square;
      square *= square;
    }
    return static_cast<T>(product);
  }
};

// Base and exponent may differ in type; the result has the type of the base.
struct Pow {
  template <typename T, typename E>
  MI_HD T operator()(T base, E exponent) const {
    if constexpr (std::is_integral_v<T> && std::is_integral_v<E>) {
      return IntegerPow{}(base, exponent);
    } else if constexpr (std::is_same_v<T, float> && std::is_same_v<E, float>) {
      return std::pow(base, exponent);
    } else if constexpr (std::is_floating_point_v<T>) {
      return static_cast<T>(std::pow(static_cast<double>(base), static_cast<double>(exponent)));
    } else {
      return convert<T>(std::pow(static_cast<double>(base), static_cast<double>(exponent)));
    }
  }
};

struct PRelu {
  template <typename T>
  MI_HD T operator()(T x, T slope) const {
    const T below = Mul{}(slope, x);
    return x < T{0} ? below : x;
  }
};

struct Max {
  template <typename T>
  MI_HD T operator()(T a, T b) const {
    return a > b || is_nan(a) ? a : b;
  }
};

struct Min {
  template <typename T>
  MI_HD T operator()(T a, T b) const {
    return a < b || is_nan(a) ? a : b;
  }
};

// --- Comparisons, logic and bits ---

struct Equal {
  template <typename T>
  MI_HD bool operator()(T a, T b) const {
    return a == b;
  }
};

struct Less {
  template <typename T>
  MI_HD bool operator()(T a, T b) const {
    return a < b;
  }
};

struct LessOrEqual {
  template <typename T>
  MI_HD bool operator()(T a, T b) const {
    return a <= b;
  }
};

// On the bytes of bools these are the logical operators too.
struct BitwiseAnd {
  template <typename T>
  MI_HD T operator()(T a, T b) const {
    return static_cast<T>(a & b);
  }
};

struct BitwiseOr {
  template <typename T>
  MI_HD T operator()(T a, T b) const {
    return static_cast<T>(a | b);
  }
};

struct BitwiseXor {
  template <typename T>
  MI_HD T operator()(T a, T b) const {
    return static_cast<T>(a ^ b);
  }
};

// Of unsigned integers; a shift by all bits or more leaves nothing.
struct ShiftLeft {
  template <typename T>
  MI_HD T operator()(T x, T places) const {
    constexpr T kBits = std::numeric_limits<T>::digits;
    return places < kBits ? static_cast<T>(modular(x) << places) : T{0};
  }
};

struct ShiftRight {
  template <typename T>
  MI_HD T operator()(T x, T places) const {
    constexpr T kBits = std::numeric_limits<T>::digits;
    return places < kBits ? static_cast<T>(x >> places) : T{0};
  }
};

}  // namespace MI_ISA
}  // namespace mini_infer::ops
