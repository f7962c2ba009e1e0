#pragma once

#include <cstddef>
#include <cstdint>
#ifdef __x86_64__
#include <immintrin.h>
#endif

// One vector of floats, as wide as the instruction set this file is compiled for. GCC's and clang's
// vector extensions do the arithmetic; only what they lack is written for an instruction set.
namespace mini_infer::cpu::MI_ISA {

#if defined(__AVX512F__)
inline constexpr int kLanes = 16;
#elif defined(__AVX2__)
inline constexpr int kLanes = 8;
#else
inline constexpr int kLanes = 4;
#endif

// With 32 registers a tile has 12 rows of two vectors, with 16 it has 6.
#if defined(__AVX512F__) || defined(__aarch64__)
inline constexpr int kTileRows = 12;
#else
inline constexpr int kTileRows = 6;
#endif

using Vector = float __attribute__((vector_size(kLanes * sizeof(float))));
using Ints = std::int32_t __attribute__((vector_size(kLanes * sizeof(float))));

#define MI_INLINE static inline __attribute__((always_inline))
// Arrays of vectors stay in registers only where every index is known when compiling.
#define MI_UNROLL _Pragma("GCC unroll 16")
#define MI_INLINE_LAMBDA __attribute__((always_inline))
#define MI_MEMBER inline __attribute__((always_inline))
// What an iteration writes, no other one reads: input and output are apart, or the same.
#if defined(__clang__)
#define MI_INDEPENDENT _Pragma("clang loop vectorize(assume_safety)")
#else
#define MI_INDEPENDENT _Pragma("GCC ivdep")
#endif

MI_INLINE Vector load(const float* from) {
  Vector vector;
  __builtin_memcpy(&vector, from, sizeof(Vector));
  return vector;
}

#if defined(__AVX512F__)
MI_INLINE Vector load_float16(const void* from) {
  // The function without a mask makes GCC 12 warn of what it leaves undefined.
  return (Vector)_mm512_maskz_cvtph_ps((__mmask16)-1,
                                       _mm256_loadu_si256(static_cast<const __m256i*>(from)));
}
#elif defined(__F16C__)
MI_INLINE Vector load_float16(const void* from) {
  return (Vector)_mm256_cvtph_ps(_mm_loadu_si128(static_cast<const __m128i*>(from)));
}
#endif

MI_INLINE void store(float* to, Vector vector) { __builtin_memcpy(to, &vector, sizeof(Vector)); }

// A zero of its own, not the copy of a register; what was to be stored before is stored before.
MI_INLINE void clear(Vector& vector) {
#if defined(__AVX__)
  asm volatile("vxorps %0, %0, %0" : "=v"(vector) : : "memory");
#else
  vector = Vector{};
#endif
}

MI_INLINE Vector broadcast(float x) { return x - Vector{}; }  // not +: -0 must stay

// The first `count` lanes, 0 to all; the other ones are 0.
MI_INLINE Vector load_first(const float* from, int count) {
#if defined(__AVX512F__)
  return (Vector)_mm512_maskz_loadu_ps((__mmask16)((1u << count) - 1u), from);
#elif defined(__AVX2__)
  const Ints lanes{0, 1, 2, 3, 4, 5, 6, 7};
  return (Vector)_mm256_maskload_ps(from, (__m256i)(lanes < count));
#else
  Vector vector{};
  for (int i = 0; i < count; ++i) vector[i] = from[i];
  return vector;
#endif
}

MI_INLINE void store_first(float* to, Vector vector, int count) {
#if defined(__AVX512F__)
  _mm512_mask_storeu_ps(to, (__mmask16)((1u << count) - 1u), (__m512)vector);
#elif defined(__AVX2__)
  const Ints lanes{0, 1, 2, 3, 4, 5, 6, 7};
  _mm256_maskstore_ps(to, (__m256i)(lanes < count), (__m256)vector);
#else
  for (int i = 0; i < count; ++i) to[i] = vector[i];
#endif
}

// How a row's vectors are moved: whole, or the last one cut off after `count` lanes.
struct WholeVectors {
  MI_INLINE_LAMBDA Vector get(const float* from) const { return load(from); }
  MI_INLINE_LAMBDA void put(float* to, Vector vector) const { store(to, vector); }
};
struct CutVector {
  int count;
  MI_INLINE_LAMBDA Vector get(const float* from) const { return load_first(from, count); }
  MI_INLINE_LAMBDA void put(float* to, Vector vector) const { store_first(to, vector, count); }
};

// Calls visit(first, vectors) for each vector of `count` elements.
template <typename Visit>
MI_INLINE void for_each_vector(std::int64_t count, Visit visit) {
  std::int64_t at = 0;
  for (; at + kLanes <= count; at += kLanes) visit(at, WholeVectors{});
  if (at < count) visit(at, CutVector{static_cast<int>(count - at)});
}

// A NaN in x stays.
MI_INLINE Vector at_least(Vector x, Vector lowest) { return x < lowest ? lowest : x; }
MI_INLINE Vector at_most(Vector x, Vector highest) { return highest < x ? highest : x; }

}  // namespace mini_infer::cpu::MI_ISA
