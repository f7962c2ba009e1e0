#pragma once

#include <cstddef>
#include <cstdint>

#include "ops/activation.h"

namespace mini_infer::cpu::MI_ISA {

// Activations that a tile applies to its sums: all that are one interval.
struct Clamp {
  bool on;
  float lowest, highest;
};

static inline Clamp clamp_of(const ops::Activation& activation) {
  using Kind = ops::Activation::Kind;
  constexpr float kInfinity = __builtin_inff();
  if (activation.kind == Kind::kRelu) return {true, 0.0f, kInfinity};
  if (activation.kind == Kind::kClip) return {true, activation.alpha, activation.beta};
  return {false, -kInfinity, kInfinity};
}

// The others want a pass of their own over what the tile has stored.
static inline bool needs_pass(const ops::Activation& activation) {
  return activation.kind != ops::Activation::Kind::kNone && !clamp_of(activation).on;
}

// Rows some elements apart.
struct ActivatedRows {
  float* y = nullptr;
  std::int64_t rows = 1;
  std::ptrdiff_t row_step = 0;
  std::int64_t columns = 0;
};

// y = activation(y)
void activate_rows(const ops::Activation& activation, const ActivatedRows& rows);
void activate(const ops::Activation& activation, float* y, std::int64_t count);

}  // namespace mini_infer::cpu::MI_ISA
