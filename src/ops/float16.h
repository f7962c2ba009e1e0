#pragma once

#include <cmath>
#include <cstdint>

#include "ops/math.h"
#include "ops/types.h"

// The two 16-bit floating-point formats as they are stored, converted to and from float. Rounds to
// nearest, ties to even; a NaN stays a NaN.
namespace mini_infer::ops {

struct Float16 {
  std::uint16_t bits;
};

struct BFloat16 {
  std::uint16_t bits;
};

// How numbers are stored that are computed in float.
using StoredFloats = Types<float, Float16, BFloat16>;

inline namespace MI_ISA {

MI_HD inline float to_float(BFloat16 x) { return math::float_of(std::uint32_t{x.bits} << 16); }

// A GPU has instructions for these three; they give the same but for the payload of NaNs.
MI_HD inline float to_float(Float16 x) {
#ifdef __CUDA_ARCH__
  float result;
  asm("cvt.f32.f16 %0, %1;" : "=f"(result) : "h"(x.bits));
  return result;
#else
  const std::uint32_t sign = (std::uint32_t{x.bits} & 0x8000u) << 16;
  const std::uint32_t magnitude = (std::uint32_t{x.bits} & 0x7fffu) << 13;
  // The exponent still lacks the difference of the biases; the product also normalises subnormals.
  const float scaled = math::float_of(magnitude) * math::power_of_two(127 - 15);
  const bool finite = (x.bits & 0x7c00u) != 0x7c00u;
  const auto scaled_bits = static_cast<std::uint32_t>(math::bits_of(scaled));
  return math::float_of(sign | (finite ? scaled_bits : magnitude | 0x7f800000u));
#endif
}

MI_HD inline BFloat16 to_bfloat16(float x) {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 800
  std::uint16_t result;
  asm("cvt.rn.bf16.f32 %0, %1;" : "=h"(result) : "f"(x));
  return {result};
#else
  const auto bits = static_cast<std::uint32_t>(math::bits_of(x));
  const std::uint32_t rounded = bits + 0x7fffu + ((bits >> 16) & 1u);
  const std::uint32_t nan = bits | 0x400000u;
  return {static_cast<std::uint16_t>((x != x ? nan : rounded) >> 16)};
#endif
}

MI_HD inline Float16 to_float16(float x) {
#ifdef __CUDA_ARCH__
  std::uint16_t result;
  asm("cvt.rn.f16.f32 %0, %1;" : "=h"(result) : "f"(x));
  return {result};
#else
  const auto bits = static_cast<std::uint32_t>(math::bits_of(x));
  const std::uint32_t sign = (bits >> 16) & 0x8000u;
  const std::uint32_t magnitude = bits & 0x7fffffffu;
  std::uint32_t result;
  if (magnitude >= 0x47800000u) {  // 65536 and above, infinity, NaN
    result = magnitude > 0x7f800000u ? 0x7e00u : 0x7c00u;
  } else if (magnitude < 0x38800000u) {  // subnormal: the addition rounds at the last place
    const float shifted = math::float_of(magnitude) + 0.5f;
    result = static_cast<std::uint32_t>(math::bits_of(shifted) - math::bits_of(0.5f));
  } else {
    const std::uint32_t rebiased = magnitude - ((127u - 15u) << 23);
    result = (rebiased + 0xfffu + ((rebiased >> 13) & 1u)) >> 13;
  }
  return {static_cast<std::uint16_t>(sign | result)};
#endif
}

// The float next to x whose last bit tells that something was cut off, so that rounding it once
// more gives what rounding x once would.
MI_HD inline float round_to_odd(double x) {
  const float nearest = static_cast<float>(x);
  const auto bits = static_cast<std::uint32_t>(math::bits_of(nearest));
  if (static_cast<double>(nearest) == x || x != x || (bits & 1u) != 0) return nearest;
  return math::float_of(std::fabs(static_cast<double>(nearest)) < std::fabs(x) ? bits + 1
                                                                               : bits - 1);
}

}  // namespace MI_ISA
}  // namespace mini_infer::ops
