#pragma once

#include <cstdint>

#include "cpu/gemm/share.h"
#include "cpu/ops/optional_output.h"
#include "cpu/simd/table.h"
#include "ops/activation.h"
#include "ops/backend.h"

namespace mini_infer::cpu {

// Of a node of the optimiser; none of another.
ops::Activation activation_of(const ops::NodeView& view);
inline TileEpilogue tile_epilogue(const ops::NodeView& view) {
  return {.activation = activation_of(view)};
}

// What Conv, Gemm and MatMul do to their sums before they store them:
// y = activation(alpha * sum + beta * bias + residual).
struct Epilogue {
  float alpha = 1;
  float beta = 1;
  ops::Activation activation;

  // With the activation of a node of the optimiser.
  static Epilogue of(const ops::NodeView& view) { return {.activation = activation_of(view)}; }

  // Stores `count` neighbours. `bias` and `residual` may be null; a bias of step 0 is one number
  // for all. `residual` may be `y`. Uses `sums` up.
  void store(float* sums, std::int64_t count, const float* bias, std::int64_t bias_step,
             const float* residual, float* y) const;
};

}  // namespace mini_infer::cpu
