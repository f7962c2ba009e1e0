#pragma once

#include <optional>
#include <string>

#include "mini_infer/core/tensor.h"

namespace mini_infer::cli {

// How far floats may be from the reference. As numpy's allclose, element by element:
// |actual - expected| <= atol + rtol * |expected|; or, with `rel_max`, over the whole tensor:
// max|actual - expected| <= rel_max * max|expected|. A NaN equals a NaN, an infinity itself.
// All other types must be equal.
struct Tolerance {
  double rtol = 1e-3;
  double atol = 1e-7;
  std::optional<double> rel_max;
};

struct Comparison {
  std::string difference;  // empty: close enough
  // Of floats: max|actual - expected| / max|expected| over finite elements; unset when the shapes
  // or types differ, or when there is no float to compare.
  std::optional<double> relative_error;
};

// Type and shape only.
std::string compare_types(const core::Tensor& actual, const core::Tensor& expected);

Comparison compare(const core::Tensor& actual, const core::Tensor& expected,
                   const Tolerance& tolerance);

}  // namespace mini_infer::cli
