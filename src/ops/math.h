#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

#ifdef __CUDACC__
#define MI_HD __host__ __device__
#else
#define MI_HD
#endif

// Sources that are compiled once per instruction set define MI_ISA as its name. An inline function
// then has a name of its own there: else the linker might keep, for everybody, the copy that an
// older machine cannot run.
#ifndef MI_ISA
#define MI_ISA any
#endif

// Transcendental functions that compilers can turn into vector code: no branches, no calls. Within
// 4 units in the last place for float; NaN in, NaN out. double goes to the standard library.
namespace mini_infer::ops {
inline namespace MI_ISA {
namespace math {

MI_HD inline std::int32_t bits_of(float x) {
#ifdef __CUDA_ARCH__
  return __float_as_int(x);
#else
  return std::bit_cast<std::int32_t>(x);
#endif
}

MI_HD inline float float_of(std::uint32_t bits) {
#ifdef __CUDA_ARCH__
  return __uint_as_float(bits);
#else
  return std::bit_cast<float>(bits);
#endif
}

// 2^exponent, for an exponent in [-126, 127].
MI_HD inline float power_of_two(std::int32_t exponent) {
  return float_of(static_cast<std::uint32_t>(exponent + 127) << 23);
}

// exp(x) = (1 + excess) * 2^exponent
struct ExpParts {
  float excess;
  std::int32_t exponent;
};

// For x whose exp(x) is neither 0 nor infinity, or just beyond; of others no error, but any parts.
MI_HD inline ExpParts exp_parts_unclamped(float x) {
  constexpr float kRounder = 12582912.0f;  // 1.5 * 2^23: what is added to it becomes an integer
  constexpr float kLog2E = 1.44269504088896341f;
  constexpr float kLn2High = 0.693359375f;  // few bits, so that its product with n is exact
  constexpr float kLn2Low = -2.12194440e-4f;
  const float shifted = x * kLog2E + kRounder;
  const float n = shifted - kRounder;
  const float r = (x - n * kLn2High) - n * kLn2Low;
  float p = 1.9875691500e-4f;  // minimax on |r| <= ln(2) / 2, from Cephes
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  return {p * r * r + r, static_cast<std::int32_t>(static_cast<std::uint32_t>(bits_of(shifted)) -
                                                   static_cast<std::uint32_t>(bits_of(kRounder)))};
}

MI_HD inline ExpParts exp_parts(float x) {
  x = x < -104.0f ? -104.0f : x;
  return exp_parts_unclamped(x > 89.0f ? 89.0f : x);
}

MI_HD inline float exp(const ExpParts& parts) {
  // In two factors: one alone leaves the range of normal numbers.
  const std::int32_t half = parts.exponent >> 1;
  return (1.0f + parts.excess) * power_of_two(half) * power_of_two(parts.exponent - half);
}

MI_HD inline float exp(float x) { return exp(exp_parts(x)); }
MI_HD inline double exp(double x) { return std::exp(x); }

// exp(x) of x <= 0, where neither end needs care: a subnormal result is 0.
MI_HD inline float exp_of_negative(float x) {
  const ExpParts parts = exp_parts_unclamped(x);
  const float scaled = (1.0f + parts.excess) * power_of_two(parts.exponent);
  return x < -87.0f ? 0.0f : scaled;
}

// exp(x) - 1 without cancellation near 0.
MI_HD inline float expm1(float x) {
  const ExpParts parts = exp_parts(x);
  const float far = exp(parts) - 1.0f;
  return parts.exponent == 0 ? parts.excess : far;
}
MI_HD inline double expm1(double x) { return std::expm1(x); }

MI_HD inline float tanh(float x) {
  const float magnitude = std::fabs(x);
  const float far = std::copysign(1.0f - 2.0f / (exp(2.0f * magnitude) + 1.0f), x);
  const float square = x * x;
  float p = -5.70498872745e-3f;  // minimax on |x| < 0.625, from Cephes
  p = p * square + 2.06390887954e-2f;
  p = p * square - 5.37397155531e-2f;
  p = p * square + 1.33314422036e-1f;
  p = p * square - 3.33332819422e-1f;
  const float near = p * square * x + x;
  return magnitude < 0.625f ? near : far;
}
MI_HD inline double tanh(double x) { return std::tanh(x); }

// After N. Juffa: a polynomial near 0, 1 - exp(polynomial) elsewhere.
MI_HD inline float erf(float x) {
  const float magnitude = std::fabs(x);
  const float square = x * x;
  float high = -1.72853470e-5f * magnitude + 3.83197126e-4f;
  const float low = -3.88396438e-3f * magnitude + 2.42546219e-2f;
  high = high * square + low;
  high = high * magnitude - 1.06777877e-1f;
  high = high * magnitude - 6.34846687e-1f;
  high = high * magnitude - 1.28717512e-1f;
  high = high * magnitude - magnitude;
  const float far = std::copysign(1.0f - exp(high), x);
  float p = -5.96761703e-4f;
  p = p * square + 4.99119423e-3f;
  p = p * square - 2.67681349e-2f;
  p = p * square + 1.12819925e-1f;
  p = p * square - 3.76125336e-1f;
  p = p * square + 1.28379166e-1f;
  const float near = p * x + x;
  return magnitude > 0.927734375f ? far : near;
}
MI_HD inline double erf(double x) { return std::erf(x); }

// 1 + erf(x / sqrt(2)), for products with x: within 2e-7, not units in the last place, and of a NaN
// any number. Of |x| it is 2 - tail, of -|x| the tail, which is 2^t with t a polynomial, minimax on
// [0, 6.5]; beyond, it is less than 1e-10.
MI_HD inline float one_plus_erf(float x) {
  constexpr float kRounder = 12582912.0f;  // 1.5 * 2^23: what is added to it becomes an integer
  const float magnitude = std::fabs(x);
  float slope = -1.69998645560554e-6f;
  slope = slope * magnitude + 2.7672631404129788e-5f;
  slope = slope * magnitude - 1.3909177505411208e-4f;
  slope = slope * magnitude - 2.3112753115128726e-4f;
  slope = slope * magnitude + 7.1623059920966625e-3f;
  slope = slope * magnitude - 5.2548885345458984e-2f;
  slope = slope * magnitude - 4.5919567346572876e-1f;
  slope = slope * magnitude - 1.1511061191558838f;
  const float shifted = slope * magnitude + kRounder;
  const float f = slope * magnitude - (shifted - kRounder);
  float p = 1.535335904918611e-4f;  // 2^f, minimax on |f| <= 1 / 2
  p = p * f + 1.3398873852565885e-3f;
  p = p * f + 9.61843691766262e-3f;
  p = p * f + 5.5503323674201965e-2f;
  p = p * f + 2.4022647738456726e-1f;
  p = p * f + 6.931471824645996e-1f;
  p = p * f + 1.0f;
  // The integer's lowest bits move to where p has its exponent.
  const float scaled = float_of(static_cast<std::uint32_t>(bits_of(p)) +
                                (static_cast<std::uint32_t>(bits_of(shifted)) << 23));
  const float tail = magnitude > 6.5f ? 0.0f : scaled;
  return x < 0.0f ? tail : 2.0f - tail;
}
MI_HD inline double one_plus_erf(double x) { return 1.0 + std::erf(x * 0.70710678118654752440); }

// x = (1 + f) * 2^exponent with 1 + f around 1. After Cephes; special values last.
MI_HD inline float log(float x) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  constexpr std::uint32_t kRootOfHalf = 0x3f3504f3;
  const bool subnormal = x < std::numeric_limits<float>::min();
  const float normal = subnormal ? x * 8388608.0f : x;  // 2^23
  const auto bits = static_cast<std::uint32_t>(bits_of(normal));
  const std::int32_t exponent = static_cast<std::int32_t>(bits - kRootOfHalf) >> 23;
  const float f = float_of(bits - (static_cast<std::uint32_t>(exponent) << 23)) - 1.0f;
  const float n = static_cast<float>(exponent) - (subnormal ? 23.0f : 0.0f);
  float p = 7.0376836292e-2f;
  p = p * f - 1.1514610310e-1f;
  p = p * f + 1.1676998740e-1f;
  p = p * f - 1.2420140846e-1f;
  p = p * f + 1.4249322787e-1f;
  p = p * f - 1.6668057665e-1f;
  p = p * f + 2.0000714765e-1f;
  p = p * f - 2.4999993993e-1f;
  p = p * f + 3.3333331174e-1f;
  const float square = f * f;
  const float tail = f * square * p - 0.5f * square + n * -2.12194440e-4f;
  const float inside = (tail + f) + n * 0.693359375f;
  const float above = x == kInfinity ? x : inside;
  const float below = x == 0.0f ? -kInfinity : std::numeric_limits<float>::quiet_NaN();
  return x > 0.0f ? above : x != x ? x : below;
}
MI_HD inline double log(double x) { return std::log(x); }

// log(1 + x) for x in [0, 1]; the quotient gives back what 1 + x rounds away.
MI_HD inline float log1p(float x) {
  const float sum = 1.0f + x;
  return log(sum) - ((sum - 1.0f) - x) / sum;
}
MI_HD inline double log1p(double x) { return std::log1p(x); }

}  // namespace math
}  // namespace MI_ISA
}  // namespace mini_infer::ops
